// SPDX-License-Identifier: Apache-2.0
#include "cli/loss_view.h"

#include "cli/json_read.h"
#include "cli/units.h"
#include "model/flow.h"
#include "model/loss_json.h"

namespace netprobe {
namespace {

using Element = simdjson::dom::element;

std::string interface_of(Element loss, std::string_view which) {
  Element point;
  if (loss[which].get(point) != simdjson::SUCCESS || !point.is_object()) return "?";
  return json_text(point, "interface");
}

/// "NETFILTER_DROP, QDISC_DROP"; "unexplained" where nothing tells.
std::string reasons_of(Element loss) {
  std::string text;
  simdjson::dom::array reasons;
  if (loss["explained_by"].get(reasons) == simdjson::SUCCESS)
    for (const Element each : reasons)
      text += (text.empty() ? "" : ", ") + json_text(each, "reason");
  return text.empty() ? "unexplained" : text;
}

std::string mark(std::uint64_t packets, const std::string& place, const std::string& reasons) {
  return "lost " + human_count(static_cast<double>(packets)) + " " + place + " (" + reasons + ")";
}

void append(std::string& text, const std::string& more) {
  if (!text.empty()) text += ", ";
  text += more;
}

std::string endpoint(Element flow, std::string_view address, std::string_view port) {
  std::string text = json_text(flow, address);
  const auto protocol = json_text(flow, "protocol");
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") return text;
  if (text.contains(':')) text = "[" + text + "]";
  return text + ":" + std::to_string(json_count(flow, port));
}

}  // namespace

std::string loss_mark(Element flow) {
  std::string text;
  simdjson::dom::array losses;
  if (flow["losses"].get(losses) != simdjson::SUCCESS) return text;
  for (const Element loss : losses)
    append(text,
           mark(json_count(loss, "packets"),
                interface_of(loss, "from") + "→" + interface_of(loss, "to"), reasons_of(loss)));
  return text;
}

std::string loss_mark(const std::vector<Loss>& losses) {
  std::string text;
  for (const Loss& loss : losses) {
    std::string reasons;
    for (const LossReason& each : loss.explained_by) append(reasons, each.reason);
    append(text, mark(loss.packets, place_of(loss), reasons.empty() ? "unexplained" : reasons));
  }
  return text;
}

std::vector<TextColumn> loss_columns() {
  using enum Align;
  return {{"LOST", kRight, 7},    {"FROM", kLeft, 12},        {"TO", kLeft, 12},
          {"ENTERED", kRight, 7}, {"LEFT", kRight, 7},        {"PROTO", kLeft, 5},
          {"SOURCE", kLeft, 21},  {"DESTINATION", kLeft, 21}, {"REASON", kLeft, 10}};
}

Row loss_row(Element loss) {
  const auto count = [&](std::string_view key) {
    return human_count(static_cast<double>(json_count(loss, key)));
  };
  Element flow;
  if (loss["flow"].get(flow) != simdjson::SUCCESS) flow = loss;
  Row row;
  row.push_back({count("packets"), Style::kRed});
  row.emplace_back(interface_of(loss, "from"));
  row.emplace_back(interface_of(loss, "to"));
  row.emplace_back(count("entered"));
  row.emplace_back(count("left"));
  row.emplace_back(json_text(flow, "protocol"));
  row.emplace_back(endpoint(flow, "src_ip", "src_port"));
  row.emplace_back(endpoint(flow, "dst_ip", "dst_port"));
  row.emplace_back(reasons_of(loss));
  return row;
}

}  // namespace netprobe
