// SPDX-License-Identifier: Apache-2.0
#include "api/accounting.h"

namespace netprobe {
namespace {

void append_sums(JsonObject& json, std::string& out, const DeviceCounters& counters) {
  json.number("packets", counters.packets);
  json.number("flow_packets", counters.flow_packets);
  append_unattributed(json, out, counters);
  json.integer("difference", static_cast<std::int64_t>(counters.packets - counters.flow_packets -
                                                       counters.unattributed_total()));
}

void append_point(JsonArray& list, std::string& out, std::string_view interface,
                  Direction direction, const DeviceCounters& counters) {
  list.next();
  JsonObject json(out);
  json.text("interface", interface);
  json.text("direction", to_string(direction));
  append_sums(json, out, counters);
  json.close();
}

void add(DeviceCounters& sum, const DeviceCounters& more) {
  sum.packets += more.packets;
  sum.flow_packets += more.flow_packets;
  for (std::size_t i = 0; i < sum.unattributed.size(); ++i)
    sum.unattributed[i] += more.unattributed[i];
}

}  // namespace

void append_unattributed(JsonObject& json, std::string& out, const DeviceCounters& counters) {
  json.key("unattributed");
  JsonObject causes(out);
  for (std::size_t i = 0; i < counters.unattributed.size(); ++i)
    causes.number(to_string(static_cast<Unattributed>(i)), counters.unattributed[i]);
  causes.close();
}

void append_accounting(JsonObject& json, std::string& out, const Snapshot& snapshot) {
  DeviceCounters total;
  add(total, snapshot.retired_rx);
  add(total, snapshot.retired_tx);
  for (const auto& interface : snapshot.interfaces) {
    add(total, interface.rx);
    add(total, interface.tx);
  }
  json.key("accounting");
  JsonObject accounting(out);
  accounting.key("total");
  JsonObject sums(out);
  append_sums(sums, out, total);
  sums.close();
  accounting.key("interfaces");
  JsonArray list(out);
  for (const auto& interface : snapshot.interfaces) {
    append_point(list, out, interface.info.name, Direction::kIngress, interface.rx);
    append_point(list, out, interface.info.name, Direction::kEgress, interface.tx);
  }
  list.close();
  accounting.key("retired");
  JsonArray retired(out);
  append_point(retired, out, "", Direction::kIngress, snapshot.retired_rx);
  append_point(retired, out, "", Direction::kEgress, snapshot.retired_tx);
  retired.close();
  accounting.close();
}

}  // namespace netprobe
