// SPDX-License-Identifier: Apache-2.0
#include "analysis/loss/ledger.h"

#include <algorithm>
#include <utility>

namespace netprobe {

std::uint64_t LossLedger::Entry::unexplained() const {
  std::uint64_t known = 0;
  for (const LossReason& reason : loss.explained_by) known += reason.packets;
  return loss.packets > known ? loss.packets - known : 0;
}

void LossLedger::add(const Key& key, std::uint64_t found, const Entry& entry) {
  if (!entries_.contains(key)) make_room();
  Entry& kept = entries_[key];
  const std::uint64_t id = kept.loss.id != 0 ? kept.loss.id : ++last_id_;
  const std::uint64_t packets = kept.loss.packets + found;
  std::vector<LossReason> reasons = std::move(kept.loss.explained_by);
  kept = entry;
  kept.loss.id = id;
  kept.loss.packets = packets;
  kept.loss.explained_by = std::move(reasons);
  const bool to_known = !entry.loss.to_interface.empty();
  totals_[{entry.loss.from_role, to_known, entry.loss.to_role}] += found;
}

void LossLedger::explain(const Key& key, const LossReason& reason) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  auto& reasons = found->second.loss.explained_by;
  const auto same = std::ranges::find_if(reasons, [&](const LossReason& each) {
    return each.reason == reason.reason && each.location == reason.location;
  });
  if (same == reasons.end()) {
    reasons.push_back(reason);
  } else {
    same->packets += reason.packets;
  }
}

/// The losses that were quiet longest go; their packets stay in the sums. Many
/// at once, so that a flood of losses does not search the list for each.
void LossLedger::make_room() {
  if (entries_.size() < most_) return;
  const auto age = [](const auto& each) {
    return std::pair(each.second.loss.last_seen, each.second.loss.id);
  };
  std::vector<std::pair<Nanos, std::uint64_t>> ages;
  ages.reserve(entries_.size());
  for (const auto& each : entries_) ages.push_back(age(each));
  const auto middle = ages.begin() + static_cast<std::ptrdiff_t>(ages.size() / 8);
  std::ranges::nth_element(ages, middle);
  const auto oldest = *middle;
  forgotten_ += std::erase_if(entries_, [&](const auto& each) { return age(each) <= oldest; });
}

void LossLedger::report(LossReport& report) const {
  report.losses.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) report.losses.push_back(entry.loss);
  std::ranges::sort(report.losses, [](const Loss& a, const Loss& b) {
    return a.packets != b.packets ? a.packets > b.packets : a.id < b.id;
  });
  for (const auto& [roles, packets] : totals_)
    report.totals.push_back({std::get<0>(roles), std::get<1>(roles), std::get<2>(roles), packets});
  report.forgotten = forgotten_;
}

std::shared_ptr<const std::vector<Loss>> LossLedger::of_flow(std::uint64_t id) const {
  std::shared_ptr<std::vector<Loss>> losses;
  for (auto at = entries_.lower_bound(Key{id, 0, Passage::kDecapsulation});
       at != entries_.end() && at->first.flow_id == id; ++at) {
    if (!losses) losses = std::make_shared<std::vector<Loss>>();
    losses->push_back(at->second.loss);
  }
  return losses;
}

}  // namespace netprobe
