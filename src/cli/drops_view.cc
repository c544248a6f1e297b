// SPDX-License-Identifier: Apache-2.0
#include "cli/drops_view.h"

#include <simdjson.h>

#include "cli/json_read.h"
#include "cli/units.h"

namespace netprobe {
namespace {

bool has_ports(std::string_view protocol) {
  return protocol == "tcp" || protocol == "udp" || protocol == "sctp" || protocol == "dccp" ||
         protocol == "udplite";
}

std::string endpoint(simdjson::dom::element drop, const char* ip, const char* port,
                     const char* protocol = "protocol") {
  std::string address = json_text(drop, ip);
  if (address.empty() || !has_ports(json_text(drop, protocol))) return address;
  if (address.contains(':')) address = "[" + address + "]";
  return address + ":" + std::to_string(json_count(drop, port));
}

/// "10.244.1.3:40000 → 10.244.2.2:80 tcp (vxlan 1)": what was in the tunnel.
std::string inside(simdjson::dom::element drop) {
  const std::string source = endpoint(drop, "inner_src_ip", "inner_src_port", "inner_protocol");
  if (source.empty()) return source;
  std::string text = source + " → " +
                     endpoint(drop, "inner_dst_ip", "inner_dst_port", "inner_protocol") + " " +
                     json_text(drop, "inner_protocol") + " (" + json_text(drop, "tunnel");
  std::uint64_t vni = 0;
  if (drop["vni"].get(vni) == simdjson::SUCCESS) text += " " + std::to_string(vni);
  return text + ")";
}

/// "12:34:56.789" of an RFC 3339 time.
std::string time_of_day(const std::string& rfc3339) {
  return rfc3339.size() >= 23 && rfc3339[10] == 'T' ? rfc3339.substr(11, 12) : rfc3339;
}

}  // namespace

Result<DropsPage> read_drops_page(const std::string& body) {
  const auto bad = [] { return fail("the agent's answer is not a list of drops"); };
  // On demand, because only it gives an object's own text.
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(body);
  simdjson::ondemand::document document;
  simdjson::ondemand::array drops;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document["drops"].get_array().get(drops) != simdjson::SUCCESS)
    return bad();
  DropsPage page;
  for (auto item : drops) {
    simdjson::ondemand::object object;
    std::string_view text;
    if (item.get_object().get(object) != simdjson::SUCCESS ||
        object.raw_json().get(text) != simdjson::SUCCESS)
      return bad();
    page.drops.emplace_back(text);
  }
  std::string_view cursor;
  if (document["next_cursor"].get_string().get(cursor) == simdjson::SUCCESS)
    page.next_cursor = cursor;
  simdjson::ondemand::object lost;
  if (document["completeness"]["lost"].get_object().get(lost) == simdjson::SUCCESS) {
    for (auto field : lost) {
      std::string_view name;
      std::uint64_t count = 0;
      if (field.unescaped_key().get(name) != simdjson::SUCCESS) return bad();
      const std::string key(name);
      if (field.value().get_uint64().get(count) != simdjson::SUCCESS) return bad();
      page.missing += (page.missing.empty() ? "" : ", ") + key + " " + std::to_string(count);
    }
  }
  return page;
}

std::vector<TextColumn> drop_columns(std::string_view by, bool wide) {
  using enum Align;
  const bool whole = by == "record";
  std::vector<TextColumn> columns{{"PACKETS", kRight, 8}};
  if (whole || by == "reason" || by == "location") {
    columns.push_back({"REASON", kLeft, 16});
    columns.push_back({"HOOK", kLeft, 9});
  }
  if (whole || by == "location") columns.push_back({"LOCATION", kLeft, 24});
  if (whole || by == "interface") columns.push_back({"INTERFACE", kLeft, 9});
  if (by == "interface" || (whole && wide)) columns.push_back({"NETNS", kLeft, 10});
  if (whole || by == "flow") {
    columns.push_back({"PROTO", kLeft, 5});
    columns.push_back({"SOURCE", kLeft, 21});
    columns.push_back({"DESTINATION", kLeft, 21});
  }
  columns.push_back({"LAST SEEN", kLeft, 12});
  if (wide) {
    columns.push_back({"FIRST SEEN", kLeft, 30});
    columns.push_back({"BYTES", kRight, 8});
  }
  // Last: most packets have nothing inside.
  if (whole || by == "flow") columns.push_back({"INSIDE", kLeft, 6});
  return columns;
}

Result<Row> drop_row(std::string_view json, std::string_view by, bool wide) {
  simdjson::dom::parser parser;
  simdjson::dom::element drop;
  if (parser.parse(json.data(), json.size()).get(drop) != simdjson::SUCCESS)
    return fail("the agent's answer has a drop that is no JSON object");
  const bool whole = by == "record";
  Row row{{std::to_string(json_count(drop, "count")), Style::kBold}};
  if (whole || by == "reason" || by == "location") {
    row.emplace_back(json_text(drop, "reason"), Style::kYellow);
    row.emplace_back(json_text(drop, "hook"));
  }
  if (whole || by == "location") row.emplace_back(json_text(drop, "location"));
  if (whole || by == "interface") row.emplace_back(json_text(drop, "interface"));
  if (by == "interface" || (whole && wide))
    row.emplace_back(std::to_string(json_count(drop, "netns")));
  if (whole || by == "flow") {
    row.emplace_back(json_text(drop, "protocol"));
    row.emplace_back(endpoint(drop, "src_ip", "src_port"));
    row.emplace_back(endpoint(drop, "dst_ip", "dst_port"));
  }
  row.emplace_back(time_of_day(json_text(drop, "last_seen")), Style::kDim);
  if (wide) {
    row.emplace_back(json_text(drop, "first_seen"), Style::kDim);
    row.emplace_back(human_bytes(static_cast<double>(json_count(drop, "bytes"))));
  }
  if (whole || by == "flow") row.emplace_back(inside(drop));
  return row;
}

std::string drop_stack(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element drop;
  simdjson::dom::array frames;
  std::string text;
  if (parser.parse(json.data(), json.size()).get(drop) != simdjson::SUCCESS ||
      drop["stack"].get(frames) != simdjson::SUCCESS)
    return text;
  for (const auto frame : frames) {
    std::string_view name;
    if (frame.get(name) == simdjson::SUCCESS) text += "           " + printable(name) + "\n";
  }
  return text;
}

}  // namespace netprobe
