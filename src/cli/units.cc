// SPDX-License-Identifier: Apache-2.0
#include "cli/units.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace netprobe {
namespace {

struct Scaled {
  double value;
  const char* prefix;
  int digits;  ///< after the point
};

Scaled scale(double value) {
  static constexpr std::array kPrefixes{"", "k", "M", "G", "T", "P", "E"};
  if (!std::isfinite(value) || value < 0) value = 0;
  std::size_t step = 0;
  // 999.5 would round to four digits.
  while (value >= 999.5 && step + 1 < kPrefixes.size()) {
    value /= 1000;
    ++step;
  }
  const bool whole = step == 0 && value == std::floor(value);
  return {value, kPrefixes[step], whole || value >= 99.95 ? 0 : 1};
}

template <typename... Values>
std::string print(const char* format, Values... values) {
  char text[48];
  const int size = std::snprintf(text, sizeof(text), format, values...);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

std::string human_count(double value) {
  const auto s = scale(value);
  return print("%.*f%s", s.digits, s.value, s.prefix);
}

std::string human_bytes(double bytes) {
  const auto s = scale(bytes);
  return print("%.*f %sB", s.digits, s.value, s.prefix);
}

std::string human_byte_rate(double bytes_per_second) {
  return human_bytes(bytes_per_second) + "/s";
}

std::string human_bit_rate(double bits_per_second) {
  const auto s = scale(bits_per_second);
  return print("%.*f %sbit/s", s.digits, s.value, s.prefix);
}

std::string human_share(double share) {
  if (!(share > 0)) return {};
  const double percent = share * 100;
  if (percent < 0.1) return "<0.1 %";
  return print("%.*f %%", percent < 9.95 ? 1 : 0, percent);
}

std::string human_duration(Nanos duration) {
  if (duration <= 0) return "0s";
  const auto real = static_cast<double>(duration);
  if (duration < kMicrosecond) return print("%dns", static_cast<int>(duration));
  if (duration < kMillisecond) return print("%.1fus", real / 1e3);
  if (duration < kSecond) return print("%.1fms", real / 1e6);
  if (duration < 60 * kSecond) return print("%.1fs", real / 1e9);
  const auto seconds = static_cast<long long>(duration / kSecond);
  if (seconds < 3'600) return print("%lldm%02llds", seconds / 60, seconds % 60);
  if (seconds < 86'400) return print("%lldh%02lldm", seconds / 3'600, seconds / 60 % 60);
  return print("%lldd%02lldh", seconds / 86'400, seconds / 3'600 % 24);
}

std::string counted(std::uint64_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

}  // namespace netprobe
