// SPDX-License-Identifier: Apache-2.0
#include "query/literal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

#include "base/duration.h"

namespace netprobe {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Longest first within what begins alike.
constexpr std::array kTimeUnits{
    Unit{"ns", 1},
    Unit{"us", kMicrosecond},
    Unit{"µs", kMicrosecond},
    Unit{"ms", kMillisecond},
    Unit{"d", 86'400ULL * kSecond},
    Unit{"h", 3'600ULL * kSecond},
    Unit{"m", 60ULL * kSecond},
    Unit{"s", kSecond},
};
constexpr std::uint64_t kKibi = 1024;
constexpr std::array kSizeUnits{
    Unit{"", 1},
    Unit{"b", 1},
    Unit{"k", 1'000},
    Unit{"kb", 1'000},
    Unit{"m", 1'000'000},
    Unit{"mb", 1'000'000},
    Unit{"g", 1'000'000'000},
    Unit{"gb", 1'000'000'000},
    Unit{"t", 1'000'000'000'000},
    Unit{"tb", 1'000'000'000'000},
    Unit{"ki", kKibi},
    Unit{"kib", kKibi},
    Unit{"mi", kKibi* kKibi},
    Unit{"mib", kKibi* kKibi},
    Unit{"gi", kKibi* kKibi* kKibi},
    Unit{"gib", kKibi* kKibi* kKibi},
    Unit{"ti", kKibi* kKibi* kKibi* kKibi},
    Unit{"tib", kKibi* kKibi* kKibi* kKibi},
};
constexpr auto kMostNanos =
    static_cast<std::uint64_t>(std::numeric_limits<Nanos>::max()) / 2;  // 146 years

struct FlagName {
  std::string_view name;
  std::uint8_t bit;
};
constexpr std::array kFlagNames{
    FlagName{"fin", 0x01}, FlagName{"syn", 0x02}, FlagName{"rst", 0x04}, FlagName{"psh", 0x08},
    FlagName{"ack", 0x10}, FlagName{"urg", 0x20}, FlagName{"ece", 0x40}, FlagName{"cwr", 0x80},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string small_letters(std::string_view text) {
  std::string small(text);
  for (char& c : small)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return small;
}

/// A decimal number as it was written: digits / 10^places.
struct Decimal {
  std::uint64_t digits = 0;
  std::uint64_t divisor = 1;
};

/// Takes one from the front of `text`.
std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal number;
  std::size_t i = 0;
  bool fraction = false;
  for (; i < text.size() && (is_digit(text[i]) || (text[i] == '.' && !fraction)); ++i) {
    if (text[i] == '.') {
      fraction = true;
      continue;
    }
    if (__builtin_mul_overflow(number.digits, 10U, &number.digits) ||
        __builtin_add_overflow(number.digits, static_cast<unsigned>(text[i] - '0'),
                               &number.digits) ||
        (fraction && __builtin_mul_overflow(number.divisor, 10U, &number.divisor)))
      return std::nullopt;
  }
  if (i == 0 || !is_digit(text.front()) || text[i - 1] == '.') return std::nullopt;
  text.remove_prefix(i);
  return number;
}

/// None where it is not whole.
std::optional<std::uint64_t> times(const Decimal& number, std::uint64_t factor) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(number.digits, factor, &product)) return std::nullopt;
  if (product % number.divisor != 0) return std::nullopt;
  return product / number.divisor;
}

Micros floor_micros(Nanos nanos) {
  return nanos / kMicrosecond - (nanos % kMicrosecond < 0 ? 1 : 0);
}

/// YYYY-MM-DD, digits and all.
bool is_day(std::string_view text) {
  static constexpr std::string_view kShape = "0000-00-00";
  return text.size() == kShape.size() && std::ranges::equal(text, kShape, [](char c, char shape) {
           return shape == '-' ? c == '-' : is_digit(c);
         });
}

}  // namespace

std::optional<std::uint64_t> parse_digits(std::string_view text, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  const auto number = take_decimal(text);
  if (!number) return std::nullopt;
  const auto unit = std::ranges::find(kSizeUnits, small_letters(text), &Unit::name);
  return unit == kSizeUnits.end() ? std::nullopt : times(*number, unit->factor);
}

std::optional<Micros> parse_micros(std::string_view text) {
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  while (!text.empty()) {
    const auto number = take_decimal(text);
    const auto unit =
        std::ranges::find_if(kTimeUnits, [&](const Unit& u) { return text.starts_with(u.name); });
    if (!number || unit == kTimeUnits.end()) return std::nullopt;
    text.remove_prefix(unit->name.size());
    const auto nanos = times(*number, unit->factor);
    if (!nanos || *nanos > kMostNanos || (total += *nanos) > kMostNanos) return std::nullopt;
  }
  if (total % kMicrosecond != 0) return std::nullopt;
  return static_cast<Micros>(total / kMicrosecond);
}

std::optional<Micros> parse_when(std::string_view text, Nanos now) {
  if (is_day(text)) return parse_when(std::string(text) + "T00:00:00Z", now);
  if (text.size() > 10 && is_day(text.substr(0, 10))) {
    const auto time = parse_time(text, now);
    return time ? std::optional(floor_micros(*time)) : std::nullopt;
  }
  if (text == "now") return floor_micros(now);
  if (text.starts_with("now-")) text.remove_prefix(3);
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto ago = parse_micros(text);
  return ago ? std::optional(floor_micros(now) - *ago) : std::nullopt;
}

std::optional<std::uint8_t> parse_tcp_flags(std::string_view text) {
  if (const auto number = parse_digits(text, 0xff)) return static_cast<std::uint8_t>(*number);
  std::uint8_t flags = 0;
  const std::string small = small_letters(text);
  for (std::size_t begin = 0; begin <= small.size();) {
    const auto end = std::min(small.find('+', begin), small.size());
    const auto flag =
        std::ranges::find(kFlagNames, small.substr(begin, end - begin), &FlagName::name);
    if (flag == kFlagNames.end()) return std::nullopt;
    flags |= flag->bit;
    begin = end + 1;
  }
  return flags;
}

std::string format_micros(Micros duration) {
  return duration == 0 ? "0" : format_duration(duration * kMicrosecond);
}

std::string format_when(Micros wall) {
  std::string text = format_rfc3339(wall * kMicrosecond);
  text.pop_back();  // Z
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text + 'Z';
}

std::string format_tcp_flags(std::uint8_t flags) {
  std::string text;
  for (const auto& [name, bit] : kFlagNames)
    if ((flags & bit) != 0) (text += text.empty() ? "" : "+") += name;
  return text.empty() ? "0" : text;
}

}  // namespace netprobe
