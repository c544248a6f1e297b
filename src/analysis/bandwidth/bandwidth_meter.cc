// SPDX-License-Identifier: Apache-2.0
#include "analysis/bandwidth/bandwidth_meter.h"

#include <algorithm>
#include <utility>

namespace netprobe {

void BandwidthMeter::set_link(std::uint32_t ifindex, std::uint64_t speed) {
  const auto [entry, is_new] = position_.try_emplace(ifindex, links_.size());
  if (is_new) links_.push_back({.ifindex = ifindex});
  Link& link = links_[entry->second];
  link.rx.set_speed(speed);
  link.tx.set_speed(speed);
}

void BandwidthMeter::forget(std::uint32_t ifindex) {
  const auto found = position_.find(ifindex);
  if (found == position_.end()) return;
  const std::size_t gone = found->second;
  position_.erase(found);
  // The last one moves into its place.
  std::erase(busy_, gone);
  if (const std::size_t last = links_.size() - 1; gone != last) {
    links_[gone] = std::move(links_[last]);
    position_[links_[gone].ifindex] = gone;
    std::ranges::replace(busy_, last, gone);
  }
  links_.pop_back();
}

void BandwidthMeter::look(std::size_t position, Nanos now, const ReadBytes& read) {
  Link& link = links_[position];
  const LinkBytes bytes = read(link.ifindex);
  link.rx.sample(bytes.rx, now);
  link.tx.sample(bytes.tx, now);
  link.looked = now;
  if (link.busy || !(link.rx.active() || link.tx.active())) return;
  link.busy = true;
  busy_.push_back(position);
}

void BandwidthMeter::look_at_busy(Nanos now, const ReadBytes& read) {
  std::erase_if(busy_, [this](std::size_t position) {
    Link& link = links_[position];
    link.busy = link.rx.active() || link.tx.active();
    return !link.busy;
  });
  const std::size_t count = std::min(kMostBusy, busy_.size());
  for (std::size_t n = 0; n < count; ++n) {
    if (next_busy_ >= busy_.size()) next_busy_ = 0;
    look(busy_[next_busy_++], now, read);
  }
}

void BandwidthMeter::look_at_idle(Nanos now, const ReadBytes& read) {
  const std::size_t count = links_.size() <= kMostBusy ? links_.size() : kMostIdle;
  for (std::size_t n = 0; n < count; ++n) {
    if (next_idle_ >= links_.size()) next_idle_ = 0;
    const std::size_t position = next_idle_++;
    if (!links_[position].busy) look(position, now, read);
  }
}

void BandwidthMeter::sample(Nanos now, const ReadBytes& read) {
  if (now - last_ < kEvery) return;
  last_ = now;
  look_at_busy(now, read);
  look_at_idle(now, read);
}

void BandwidthMeter::close_interval(Nanos now, const ReadBytes& read) {
  last_ = now;
  for (std::size_t position = 0; position < links_.size(); ++position) {
    if (links_[position].looked != now) look(position, now, read);
    links_[position].rx.close_interval();
    links_[position].tx.close_interval();
  }
}

BandwidthMeter::Use BandwidthMeter::use(std::uint32_t ifindex) const {
  const auto found = position_.find(ifindex);
  if (found == position_.end()) return {};
  const Link& link = links_[found->second];
  return {link.rx.use(), link.tx.use()};
}

}  // namespace netprobe
