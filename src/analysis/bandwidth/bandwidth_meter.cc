// SPDX-License-Identifier: Apache-2.0
#include "analysis/bandwidth/bandwidth_meter.h"

namespace netprobe {
namespace {

// Of the budget, for links that were idle: even where more are busy than fit,
// one that wakes up is found.
constexpr std::size_t kIdleShare = 32;

}  // namespace

void BandwidthMeter::set_link(std::uint32_t ifindex, std::uint64_t speed) {
  Link& link = links_[ifindex];
  link.rx.set_speed(speed);
  link.tx.set_speed(speed);
}

void BandwidthMeter::forget(std::uint32_t ifindex) { links_.erase(ifindex); }

void BandwidthMeter::look(Links::value_type& link, Nanos now, const ReadBytes& read) {
  const LinkBytes bytes = read(link.first);
  link.second.rx.sample(bytes.rx, now);
  link.second.tx.sample(bytes.tx, now);
  link.second.looked = now;
}

void BandwidthMeter::look_in_turn(Nanos now, const ReadBytes& read, bool active, std::size_t most,
                                  std::uint32_t& from) {
  auto at = links_.lower_bound(from);
  std::size_t looked = 0;
  for (std::size_t n = 0; n < links_.size() && looked < most; ++n, ++at) {
    if (at == links_.end()) at = links_.begin();
    if (at->second.looked == now || at->second.active() != active) continue;
    look(*at, now, read);
    ++looked;
  }
  from = at == links_.end() ? 0 : at->first;
}

void BandwidthMeter::sample(Nanos now, const ReadBytes& read) {
  if (now - last_ < kEvery) return;
  last_ = now;
  if (links_.size() <= kBudget) {
    for (auto& link : links_) look(link, now, read);
    return;
  }
  look_in_turn(now, read, true, kBudget - kIdleShare, next_active_);
  look_in_turn(now, read, false, kIdleShare, next_idle_);
}

void BandwidthMeter::close_interval(Nanos now, const ReadBytes& read) {
  last_ = now;
  for (auto& link : links_) {
    if (link.second.looked != now) look(link, now, read);
    link.second.rx.close_interval();
    link.second.tx.close_interval();
  }
}

BandwidthMeter::Use BandwidthMeter::use(std::uint32_t ifindex) const {
  const auto found = links_.find(ifindex);
  if (found == links_.end()) return {};
  return {found->second.rx.use(), found->second.tx.use()};
}

}  // namespace netprobe
