// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace netprobe {

/// Bytes as a step of a quarter of a doubling: 0 for none. What comes back is within 10 %.
[[nodiscard]] std::uint8_t volume_step(std::uint64_t bytes);
[[nodiscard]] std::uint64_t step_volume(std::uint8_t step);

/// How much is usual by the hour of the day (UTC) and by the day: the last 14 of each. The
/// second highest counts, a quantile of 0.93: what happened once is not usual, what happens
/// daily or weekly is. 387 bytes.
class VolumeBaseline {
 public:
  static constexpr std::size_t kDays = 14;

  /// The sum of an hour that is over, and of a day.
  void add_hour(unsigned hour, std::uint64_t bytes);
  void add_day(std::uint64_t bytes);
  /// For an hour that is not over; the hours around it count as well, so that a job may be
  /// late. 0: nothing is known.
  [[nodiscard]] std::uint64_t usual_hour(unsigned hour) const;
  [[nodiscard]] std::uint64_t usual_day() const;

  template <typename Archive>
  void each_byte(Archive&& archive) {
    for (Ring& ring : hours_) archive(ring.data(), ring.size());
    archive(hours_known_.data(), hours_known_.size());
    archive(days_.data(), days_.size());
    archive(&days_known_, std::size_t{1});
    archive(&newest_hour_, std::size_t{1});
    for (std::uint8_t& known : hours_known_) known = known > kDays ? kDays : known;
    days_known_ = days_known_ > kDays ? kDays : days_known_;
    newest_hour_ = static_cast<std::uint8_t>(newest_hour_ % 24);
  }

 private:
  using Ring = std::array<std::uint8_t, kDays>;  ///< steps, newest first
  static void push(Ring& ring, std::uint8_t& known, std::uint64_t bytes);

  std::array<Ring, 24> hours_{};
  std::array<std::uint8_t, 24> hours_known_{};
  Ring days_{};
  std::uint8_t days_known_ = 0;
  std::uint8_t newest_hour_ = 0;  ///< that was added last
};

/// The usual ratio of what is sent and received, (out − in) / (out + in): the median of the
/// last 32 hours with traffic to speak of. 34 bytes.
class RatioBaseline {
 public:
  void add(std::uint64_t out, std::uint64_t in);
  [[nodiscard]] bool known() const { return n_ >= 3; }
  [[nodiscard]] double usual() const;
  [[nodiscard]] static double ratio(std::uint64_t out, std::uint64_t in);

  template <typename Archive>
  void each_byte(Archive&& archive) {
    archive(steps_.data(), steps_.size());
    archive(&n_, std::size_t{1});
    archive(&at_, std::size_t{1});
    n_ = n_ > kHours ? kHours : n_;
    at_ = static_cast<std::uint8_t>(at_ % kHours);
  }

 private:
  static constexpr std::uint8_t kHours = 32;
  std::array<std::uint8_t, kHours> steps_{};  ///< 0 for −1, 200 for 1
  std::uint8_t n_ = 0;
  std::uint8_t at_ = 0;
};

}  // namespace netprobe
