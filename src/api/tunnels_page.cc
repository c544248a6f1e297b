// SPDX-License-Identifier: Apache-2.0
#include "api/tunnels_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/completeness.h"
#include "base/json_writer.h"
#include "model/flow_json.h"

namespace netprobe {
namespace {

/// Flows that are shown as examples of too small an MTU.
constexpr std::size_t kMaxFlows = 100;

void append_row(std::string& out, const TunnelTraffic& row) {
  JsonObject json(out);
  json.text("tunnel", to_string(row.kind));
  json.number("vni", row.vni);
  json.address("outer_src_ip", row.outer_src);
  json.address("outer_dst_ip", row.outer_dst);
  json.text("direction", to_string(row.direction));
  json.text("interface", row.interface);
  json.number("ifindex", row.ifindex);
  json.number("packets", row.counters.packets);
  json.number("bytes", row.counters.bytes);
  json.number("fragments", row.fragments);
  json.flag("counted_above", row.counted_above);
  json.time("first_seen", row.first_seen);
  json.time("last_seen", row.last_seen);
  json.close();
}

void append_totals(JsonObject& json, std::string& out, const TunnelReport& report) {
  json.key("totals");
  JsonArray list(out);
  for (const TunnelTotal& total : report.totals) {
    list.next();
    JsonObject one(out);
    one.text("tunnel", to_string(total.kind));
    one.number("vni", total.vni);
    one.text("direction", to_string(total.direction));
    one.number("packets", total.counters.packets);
    one.number("bytes", total.counters.bytes);
    one.close();
  }
  list.close();
}

void append_newest(JsonObject& json, std::string& out, const TunnelReport& report) {
  json.key("newest");
  JsonArray list(out);
  for (auto it = report.newest.rbegin(); it != report.newest.rend(); ++it) {
    list.next();
    JsonObject one(out);
    one.time("timestamp", it->time);
    one.text("tunnel", to_string(it->kind));
    one.number("vni", it->vni);
    one.text("direction", to_string(it->direction));
    one.text("interface", it->interface);
    one.address("outer_src_ip", it->outer_src);
    one.address("outer_dst_ip", it->outer_dst);
    if (!it->inner_src.is_unspecified() || !it->inner_dst.is_unspecified()) {
      one.address("inner_src_ip", it->inner_src);
      one.address("inner_dst_ip", it->inner_dst);
    }
    one.number("packet_len", it->packet_bytes);
    one.close();
  }
  list.close();
}

void append_device_trouble(std::string& out, const MtuTrouble& trouble) {
  JsonObject json(out);
  json.text("kind", "device");
  json.text("what", trouble.what);
  json.text("interface", trouble.interface);
  json.text("underlay", trouble.underlay);
  json.number("mtu", trouble.inner_mtu);
  json.number("overhead", trouble.overhead);
  json.number("path_mtu", trouble.path_mtu);
  json.close();
}

void append_fragmented(std::string& out, const TunnelTraffic& row) {
  JsonObject json(out);
  json.text("kind", "fragmented");
  json.text("what",
            fmt::format("{} of {} {} packets of VNI {} from {} to {} went through {} in fragments: "
                        "what is inside is too large for the way",
                        row.fragments, row.counters.packets, to_string(row.kind), row.vni,
                        row.outer_src.to_string(), row.outer_dst.to_string(), row.interface));
  json.text("interface", row.interface);
  json.number("packets", row.fragments);
  json.close();
}

void append_reported(std::string& out, const Flow& flow) {
  JsonObject json(out);
  json.text("kind", "reported");
  json.text("what",
            fmt::format("{} packets of {} to {} were too big for the way: it takes {} bytes",
                        flow.path_mtu_errors, flow.tuple.src.to_string(),
                        flow.tuple.dst.to_string(), flow.path_mtu));
  json.number("packets", flow.path_mtu_errors);
  json.number("path_mtu", flow.path_mtu);
  json.key("flow");
  append_json(out, flow);
  json.close();
}

void append_mtu(JsonObject& json, std::string& out, const Snapshot& snapshot) {
  const TunnelReport& report = snapshot.signals->tunnels;
  json.key("mtu");
  JsonArray list(out);
  for (const MtuTrouble& trouble : report.mtu) {
    list.next();
    append_device_trouble(out, trouble);
  }
  for (const TunnelTraffic& row : report.traffic) {
    if (row.fragments == 0 || row.counted_above) continue;
    list.next();
    append_fragmented(out, row);
  }
  std::size_t shown = 0;
  for (const Flow& flow : snapshot.flows) {
    if (flow.path_mtu_errors == 0 || shown == kMaxFlows) continue;
    ++shown;
    list.next();
    append_reported(out, flow);
  }
  list.close();
  json.number("path_mtu_errors", snapshot.table.path_mtu_errors);
}

}  // namespace

std::string tunnels_page(const Snapshot& snapshot, const TunnelsQuery& query) {
  const TunnelReport& report = snapshot.signals->tunnels;
  std::vector<std::pair<std::string, const TunnelTraffic*>> rows;
  for (const TunnelTraffic& row : report.traffic)
    if (query.matches(row)) rows.emplace_back(row_key(row), &row);
  std::ranges::sort(rows);
  const std::size_t total = rows.size();
  std::erase_if(rows, [&](const auto& row) { return row.first <= query.cursor; });
  const bool more = rows.size() > query.limit;
  if (more) rows.resize(query.limit);

  std::string out;
  JsonObject json(out);
  json.text("node_name", snapshot.node_name);
  json.time("last_updated", snapshot.taken_at);
  json.number("active", report.active);
  json.number("new_tunnels", report.new_tunnels);
  json.number("folded", report.folded);
  json.key("tunnels");
  JsonArray list(out);
  for (const auto& [key, row] : rows) {
    list.next();
    append_row(out, *row);
  }
  list.close();
  json.number("total", total);
  if (more)
    json.text("next_cursor", rows.back().first);
  else
    json.null("next_cursor");
  append_totals(json, out, report);
  append_newest(json, out, report);
  append_mtu(json, out, snapshot);
  append_completeness(json, out, snapshot, {}, {"flow", "vxlan"});
  json.close();
  return out;
}

}  // namespace netprobe
