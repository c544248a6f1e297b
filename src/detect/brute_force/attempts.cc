// SPDX-License-Identifier: Apache-2.0
#include "detect/brute_force/attempts.h"

#include <algorithm>
#include <cmath>

#include "sketch/keyed_hash.h"

namespace netprobe {
namespace {

constexpr double kNew = 0.02;

/// Never less than all parts before it.
std::uint32_t part_at(std::uint32_t now, std::uint32_t window) {
  constexpr std::uint32_t kParts = AttemptRate::kParts;
  return now / std::max(1U, window / kParts) + kParts;
}

}  // namespace

void AttemptRate::add(std::uint32_t now, std::uint32_t window, bool alike) {
  const std::uint32_t part = part_at(now, window);
  // A clock that went back a little is of the newest part; one that was set begins anew.
  if (part > part_ || part_ - part > kParts) {
    const std::uint32_t gone = part > part_ ? std::min(part - part_, kParts) : kParts;
    for (std::uint32_t i = 0; i < gone; ++i)
      alike_[(part - i) % kParts] = other_[(part - i) % kParts] = 0;
    part_ = part;
  }
  std::uint16_t& count = (alike ? alike_ : other_)[part_ % kParts];
  if (count < UINT16_MAX) ++count;
}

std::uint32_t AttemptRate::sum(const Counts& counts, std::uint32_t part) const {
  std::uint32_t sum = 0;
  for (std::uint32_t age = 0; age < kParts; ++age) {
    const std::uint32_t of = part_ - age;
    if (of + kParts > part) sum += counts[of % kParts];
  }
  return sum;
}

std::uint32_t AttemptRate::attempts(std::uint32_t now, std::uint32_t window) const {
  return sum(alike_, part_at(now, window));
}

std::uint32_t AttemptRate::others(std::uint32_t now, std::uint32_t window) const {
  return sum(other_, part_at(now, window));
}

void Similarity::add(double value) {
  // Exact as long as there are few: a variance that begins at 0 would call them alike.
  ++count_;
  const double part = std::max(1.0 / count_, kNew);
  const double off = value - mean_;
  mean_ += part * off;
  variance_ = (1 - part) * (variance_ + part * off * off);
}

double Similarity::variation() const { return mean_ > 0 ? std::sqrt(variance_) / mean_ : 0; }

void OtherEnds::add(const IpAddress& address, std::uint32_t now) {
  const auto hash = static_cast<std::uint32_t>(keyed_hash(address)) | 1U;
  End* place = ends_.data();
  for (End& end : ends_) {
    if (end.hash == hash) {
      end.last = now;
      ++end.count;
      return;
    }
    if (end.last < place->last) place = &end;
  }
  *place = {hash, now, 1};
}

OtherEnds::Sum OtherEnds::since(std::uint32_t begin) const {
  Sum sum;
  for (const End& end : ends_) {
    if (end.hash == 0 || end.last < begin) continue;
    ++sum.ends;
    sum.attempts += end.count;
    sum.most = std::max(sum.most, end.count);
  }
  return sum;
}

void AttemptEvidence::add(const FlowRecord& record, std::uint32_t packets, std::uint32_t bytes) {
  EvidenceFlow& place = flows_[added_++ % kMost];
  place = evidence_of(record);
  place.packets = packets;
  place.bytes = bytes;
}

std::vector<EvidenceFlow> AttemptEvidence::all() const {
  std::vector<EvidenceFlow> all;
  for (std::uint32_t i = added_ > kMost ? added_ - kMost : 0; i < added_; ++i)
    all.push_back(flows_[i % kMost]);
  return all;
}

}  // namespace netprobe
