// SPDX-License-Identifier: Apache-2.0
#include "detect/flood/flood_target.h"

#include <algorithm>
#include <array>
#include <bit>
#include <span>

namespace netprobe {
namespace {

constexpr Micros kTurn = 10'000'000;
constexpr std::size_t kEvidence = 8;
// So that those of one second do not push out all that was before.
constexpr std::uint8_t kEvidenceASecond = 2;
// A refused SYN holds nothing at the target, but costs it an answer.
constexpr double kRefusedWeight = 0.2;
// A leader has as much of all for sure.
constexpr double kLeaderShare = 0.5;

double floor_of(const FloodKey& key, const FloodOptions& options) {
  const FloodFloor& floor = options.floors.at(static_cast<std::size_t>(key.kind));
  switch (key.scope) {
    case FloodScope::kService:
      return floor.service;
    case FloodScope::kAddress:
      return floor.address;
    case FloodScope::kNetwork:
      return floor.network;
  }
  return 0;
}

}  // namespace

IpAddress network_of(const IpAddress& address, int v4, int v6) {
  std::array<std::uint8_t, 16> bytes = address.bytes();
  const auto kept = static_cast<std::size_t>(address.is_v4() ? 96 + v4 : v6) / 8;
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(kept), bytes.end(), std::uint8_t{0});
  return IpAddress(std::span<const std::uint8_t, 16>(bytes));
}

void FloodSources::add(const FloodHit& hit, bool by_target) {
  now_.addresses.add(hit.source_hash);
  now_.networks.add(hit.network_hash);
  entropy_.add(hit.source_hash,
               static_cast<std::uint32_t>(std::min<std::uint64_t>(hit.packets, UINT32_MAX)));
  by_address_.add(hit.source, hit.packets);
  by_port_.add(hit.port, hit.packets);
  if (!by_target) return;
  now_.targets.add(keyed_hash(hit.target));
  by_target_.add(hit.target, hit.packets);
}

void FloodSources::turn() {
  before_ = now_;
  now_ = {};
  entropy_.halve();
  by_address_.halve();
  by_port_.halve();
  by_target_.halve();
}

double FloodSources::addresses() const {
  HyperLogLog<10> both = now_.addresses;
  both.merge(before_.addresses);
  return both.estimate();
}

double FloodSources::networks() const {
  HyperLogLog<8> both = now_.networks;
  both.merge(before_.networks);
  return both.estimate();
}

double FloodSources::targets() const {
  HyperLogLog<8> both = now_.targets;
  both.merge(before_.targets);
  return both.estimate();
}

void FloodTarget::add(const FloodKey& key, const FloodHit& hit, const FlowRecord& record) {
  packets_now_ += hit.packets;
  refused_now_ += hit.refused ? hit.packets : 0;
  bytes_now_ += hit.bytes;
  newest_ = std::max(record.last_seen, record.time);
  if (!sources_) sources_ = std::make_unique<FloodSources>();
  sources_->add(hit, key.scope == FloodScope::kNetwork);
  if (key.scope != FloodScope::kNetwork) {
    const IdentityPtr& identity =
        hit.turned ? record.src : (record.service ? record.service : record.dst);
    if (identity && identity != identity_) identity_ = identity;
  }
  const IdentityPtr& source = hit.turned ? record.dst : record.src;
  const ProcessPtr& process = hit.turned ? record.dst_process : record.src_process;
  if (hit.source == leader_.address) {
    if (source && source != leader_.identity) leader_.identity = source;
    if (process && process != leader_.process) leader_.process = process;
  }
  if (evidence_now_ == 0) return;
  --evidence_now_;
  if (evidence_.capacity() == 0) evidence_.reserve(kEvidence);
  add_evidence(evidence_, evidence_of(record), kEvidence);
}

double FloodTarget::normal(const FloodOptions& options) const {
  return normal_.seen() < options.learn_seconds ? -1 : normal_.quantile(0.95);
}

void FloodTarget::find_leader() {
  const auto* first = sources_->by_address().first();
  const bool leads = first != nullptr && sources_->by_address().share(*first) >= kLeaderShare;
  const IpAddress address = leads ? first->key : IpAddress{};
  if (address == leader_.address) return;
  leader_ = {};
  leader_.address = address;
}

void FloodTarget::tick(const FloodKey& key, const FloodOptions& options, double seconds,
                       Micros now) {
  const double whole = static_cast<double>(packets_now_ - refused_now_) +
                       static_cast<double>(refused_now_) * kRefusedWeight;
  const double net = whole - static_cast<double>(late_now_);
  rate_.add(net / seconds, seconds);
  byte_rate_.add(static_cast<double>(bytes_now_) / seconds, seconds);
  made_.add(static_cast<double>(made_now_) / seconds, seconds);
  if (!on_) {
    const double floor = floor_of(key, options);
    threshold_ =
        std::clamp(normal(options) * options.times_normal, floor, floor * options.most_floors);
  }
  const bool hot = net / seconds >= threshold_ / 2;
  hot_ = static_cast<std::uint8_t>(static_cast<unsigned>(hot_) << 1U | (hot ? 1U : 0U));
  if (std::has_single_bit(hot_) && hot && !on_) {
    first_seen_ = now - static_cast<Micros>(seconds * 1e6);
    total_ = 0;
  }
  if (hot) last_seen_ = std::min(std::max(newest_, first_seen_), now);
  total_ += packets_now_;
  evidence_now_ = hot || on_ ? kEvidenceASecond : std::uint8_t{0};
  if (now - turned_ >= kTurn || now < turned_) {
    sources_->turn();
    turned_ = now;
  }
  if (hot) find_leader();
  packets_now_ = refused_now_ = bytes_now_ = late_now_ = made_now_ = 0;
  begin_or_end(options);
}

void FloodTarget::begin_or_end(const FloodOptions& options) {
  if (!on_) {
    // What is a flood is no example of what is normal.
    normal_.add(rate_.value());
    // Not one second's burst, nor one that a cut laid into two seconds.
    const bool lasts = (hot_ & 1U) != 0 && hot_ > 3;
    if (lasts && rate_.value() >= threshold_) {
      on_ = true;
      calm_ = 0;
    }
    return;
  }
  calm_ = rate_.value() < threshold_ * options.over_below ? calm_ + 1 : 0;
  if (calm_ < options.over_seconds) return;
  on_ = false;
  hot_ = 0;
  calm_ = 0;
  evidence_.clear();
}

}  // namespace netprobe
