// SPDX-License-Identifier: Apache-2.0
#include "detect/scan/answered.h"

#include <algorithm>

namespace netprobe {
namespace {

constexpr std::size_t kTags = 32'768;
constexpr std::size_t kCounts = 32'768;
constexpr Micros kPeriod = 600 * Micros{1'000'000};

std::uint32_t tag_of(std::uint64_t pair) {
  // 0 is an empty place.
  return static_cast<std::uint32_t>(pair >> 40) << 8;
}

}  // namespace

Answered::Answered() : tags_(kTags) {
  for (auto& row : counts_) row.resize(kCounts);
}

void Answered::add(std::uint64_t pair, const std::array<std::uint64_t, 3>& groups) {
  std::uint32_t& place = tags_[pair % kTags];
  const std::uint32_t now = tag_of(pair) | period_;
  if (place == now) return;
  place = now;
  for (const std::uint64_t group : groups)
    for (std::size_t row = 0; row < counts_.size(); ++row) {
      std::uint16_t& count = counts_[row][(group >> (row * 32)) % kCounts];
      if (count < UINT16_MAX) ++count;
    }
}

bool Answered::knows(std::uint64_t pair) const {
  const std::uint32_t place = tags_[pair % kTags];
  return place != 0 && (place & ~std::uint32_t{0xff}) == tag_of(pair);
}

std::uint64_t Answered::count(std::uint64_t group) const {
  return std::min(counts_[0][group % kCounts], counts_[1][(group >> 32) % kCounts]);
}

void Answered::tick(Micros now) {
  if (now >= turned_ && now - turned_ < kPeriod) return;
  turned_ = now;
  period_ = period_ == 0xff ? 1 : static_cast<std::uint8_t>(period_ + 1);
  for (auto& row : counts_)
    for (std::uint16_t& count : row) count = static_cast<std::uint16_t>(count / 2);
}

std::size_t Answered::bytes() const {
  return tags_.size() * sizeof(tags_[0]) + 2 * kCounts * sizeof(counts_[0][0]);
}

}  // namespace netprobe
