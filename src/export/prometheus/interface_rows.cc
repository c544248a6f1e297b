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

void add_counts(LinkUse& sum, const LinkUse& more) {
  sum.microbursts += more.microbursts;
  sum.unmeasured_windows += more.unmeasured_windows;
}

void add_levels(LinkUse& most, const LinkUse& one) {
  most.speed = std::max(most.speed, one.speed);
  most.utilisation = std::max(most.utilisation, one.utilisation);
  most.peak_100ms = std::max(most.peak_100ms, one.peak_100ms);
  most.peak_1s = std::max(most.peak_1s, one.peak_1s);
}

/// What stands for now alone; an interface that is gone leaves none of it.
void add_rates(InterfaceRow& row, const InterfaceState& state) {
  add_levels(row.rx_use, state.rx_use);
  add_levels(row.tx_use, state.tx_use);
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
    add_counts(gone_.rx_use, entry.second.rx_use);
    add_counts(gone_.tx_use, entry.second.tx_use);
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
      folded_[state.info.ifindex] = {state.rx, state.tx, state.rx_use, state.tx_use};
      add_rates(other, state);
      continue;
    }
    const auto [entry, is_new] = row_of.try_emplace(state.info.name, rows.size());
    if (is_new) rows.push_back({.name = state.info.name});
    InterfaceRow& row = rows[entry->second];
    row.role = to_string(state.info.role);
    add(row.rx, state.rx);
    add(row.tx, state.tx);
    add_counts(row.rx_use, state.rx_use);
    add_counts(row.tx_use, state.tx_use);
    add_rates(row, state);
  }
  if (folded_total_ > 0) {
    const auto add_sums = [&other](const Sums& sums) {
      add(other.rx, sums.rx);
      add(other.tx, sums.tx);
      add_counts(other.rx_use, sums.rx_use);
      add_counts(other.tx_use, sums.tx_use);
    };
    add_sums(gone_);
    for (const auto& [ifindex, sums] : folded_) add_sums(sums);
    rows.push_back(std::move(other));
  }
  return rows;
}

}  // namespace netprobe
