// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/interface_rows.h"

#include <algorithm>
#include <unordered_map>

namespace netprobe {
namespace {

constexpr const char* kOther = "~other";

void add(DeviceCounters& sum, const DeviceCounters& more) {
  sum.packets += more.packets;
  sum.bytes += more.bytes;
  sum.flow_packets += more.flow_packets;
  for (std::size_t i = 0; i < sum.unattributed.size(); ++i)
    sum.unattributed[i] += more.unattributed[i];
}

void add_rates(InterfaceRow& row, const InterfaceState& state) {
  row.rx_packets_per_second += state.rx_packets_per_second;
  row.rx_bytes_per_second += state.rx_bytes_per_second;
  row.tx_packets_per_second += state.tx_packets_per_second;
  row.tx_bytes_per_second += state.tx_bytes_per_second;
}

bool is_active(const InterfaceState& state) {
  return state.rx.packets != 0 || state.tx.packets != 0;
}

}  // namespace

void InterfaceFold::forget_gone(const Snapshot& snapshot) {
  std::set<std::uint32_t> present;
  for (const auto& state : snapshot.interfaces) present.insert(state.info.ifindex);
  std::erase_if(kept_, [&](std::uint32_t ifindex) { return !present.contains(ifindex); });
  std::erase_if(folded_, [&](const auto& entry) {
    if (present.contains(entry.first)) return false;
    add(gone_.rx, entry.second.rx);
    add(gone_.tx, entry.second.tx);
    return true;
  });
}

bool InterfaceFold::is_kept(std::uint32_t ifindex) {
  if (kept_.contains(ifindex)) return true;
  if (folded_.contains(ifindex)) return false;
  if (kept_.size() < most_) {
    kept_.insert(ifindex);
    return true;
  }
  ++folded_total_;
  return false;
}

std::vector<InterfaceRow> InterfaceFold::rows(const Snapshot& snapshot, bool active_only) {
  forget_gone(snapshot);
  std::vector<InterfaceRow> rows;
  std::unordered_map<std::string_view, std::size_t> row_of;
  InterfaceRow other{.name = kOther, .role = kOther};
  for (const auto& state : snapshot.interfaces) {
    if (active_only && !is_active(state)) continue;
    if (!is_kept(state.info.ifindex)) {
      folded_[state.info.ifindex] = {state.rx, state.tx};
      add_rates(other, state);
      continue;
    }
    const auto [entry, is_new] = row_of.try_emplace(state.info.name, rows.size());
    if (is_new) rows.push_back({.name = state.info.name});
    InterfaceRow& row = rows[entry->second];
    row.role = to_string(state.info.role);
    add(row.rx, state.rx);
    add(row.tx, state.tx);
    add_rates(row, state);
  }
  if (folded_total_ > 0) {
    add(other.rx, gone_.rx);
    add(other.tx, gone_.tx);
    for (const auto& [ifindex, sums] : folded_) {
      add(other.rx, sums.rx);
      add(other.tx, sums.tx);
    }
    rows.push_back(std::move(other));
  }
  return rows;
}

}  // namespace netprobe
