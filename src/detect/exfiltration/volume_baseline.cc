// SPDX-License-Identifier: Apache-2.0
#include "detect/exfiltration/volume_baseline.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace netprobe {
namespace {

constexpr double kSteps = 4;  ///< in a doubling
/// Less traffic says nothing of a ratio.
constexpr std::uint64_t kToSpeakOf = std::uint64_t{64} << 10U;

/// Of what happened on some days. Where there was one day only, that.
std::uint8_t second_highest(std::array<std::uint8_t, VolumeBaseline::kDays>& days, std::size_t n) {
  if (n == 0) return 0;
  const auto end = days.begin() + static_cast<std::ptrdiff_t>(n);
  std::partial_sort(days.begin(), n > 1 ? days.begin() + 2 : end, end, std::greater<>());
  return days[n > 1 ? 1 : 0];
}

}  // namespace

std::uint8_t volume_step(std::uint64_t bytes) {
  if (bytes == 0) return 0;
  const double step = 1 + std::round(kSteps * std::log2(static_cast<double>(bytes)));
  return static_cast<std::uint8_t>(std::min(step, 252.0));
}

std::uint64_t step_volume(std::uint8_t step) {
  if (step == 0) return 0;
  return static_cast<std::uint64_t>(std::exp2((std::min<int>(step, 252) - 1) / kSteps));
}

void VolumeBaseline::push(Ring& ring, std::uint8_t& known, std::uint64_t bytes) {
  std::copy_backward(ring.begin(), ring.end() - 1, ring.end());
  ring[0] = volume_step(bytes);
  if (known < kDays) ++known;
}

void VolumeBaseline::add_hour(unsigned hour, std::uint64_t bytes) {
  newest_hour_ = static_cast<std::uint8_t>(hour % 24);
  push(hours_[newest_hour_], hours_known_[newest_hour_], bytes);
}

void VolumeBaseline::add_day(std::uint64_t bytes) { push(days_, days_known_, bytes); }

std::uint64_t VolumeBaseline::usual_hour(unsigned hour) const {
  Ring days{};
  std::size_t n = 0;
  for (const unsigned around : {hour + 23, hour, hour + 1}) {
    const unsigned h = around % 24;
    // The hour before was added today already: by one more, its days are the others' days.
    const std::size_t skip = h != hour % 24 && h == newest_hour_ ? 1 : 0;
    const std::size_t known = hours_known_[h];
    for (std::size_t day = skip; day < known; ++day)
      days[day - skip] = std::max(days[day - skip], hours_[h][day]);
    n = std::max(n, known - std::min(known, skip));
  }
  return step_volume(second_highest(days, n));
}

std::uint64_t VolumeBaseline::usual_day() const {
  Ring days = days_;
  return step_volume(second_highest(days, days_known_));
}

double RatioBaseline::ratio(std::uint64_t out, std::uint64_t in) {
  const double sum = static_cast<double>(out) + static_cast<double>(in);
  return sum > 0 ? (static_cast<double>(out) - static_cast<double>(in)) / sum : 0;
}

void RatioBaseline::add(std::uint64_t out, std::uint64_t in) {
  if (out + in < kToSpeakOf) return;
  steps_[at_] = static_cast<std::uint8_t>(std::lround((ratio(out, in) + 1) * 100));
  at_ = static_cast<std::uint8_t>((at_ + 1) % kHours);
  if (n_ < kHours) ++n_;
}

double RatioBaseline::usual() const {
  auto sorted = steps_;
  const auto middle = sorted.begin() + n_ / 2;
  std::nth_element(sorted.begin(), middle, sorted.begin() + n_);
  return n_ == 0 ? 0 : *middle / 100.0 - 1;
}

}  // namespace netprobe
