// SPDX-License-Identifier: Apache-2.0
#include "base/duration.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <limits>

namespace netprobe {
namespace {

struct Unit {
  std::string_view name;
  Nanos length;
};

// Longest first within what shares a letter, so that "ms" is not read as "m".
constexpr std::array kUnits{
    Unit{"ns", 1},
    Unit{"us", kMicrosecond},
    Unit{"ms", kMillisecond},
    Unit{"d", 86'400 * kSecond},
    Unit{"h", 3'600 * kSecond},
    Unit{"m", 60 * kSecond},
    Unit{"s", kSecond},
};

std::unexpected<Error> bad_duration(std::string_view text) {
  return fail("'" + std::string(text) + "' is not a duration such as 5s, 250ms or 1m30s",
              ErrorKind::kUsage);
}

}  // namespace

Result<Nanos> parse_duration(std::string_view text) {
  std::string_view rest = text;
  double total = 0;
  if (rest.empty()) return bad_duration(text);
  while (!rest.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc{} || !(number >= 0)) return bad_duration(text);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    Nanos unit = rest.empty() && total == 0 ? kSecond : 0;
    for (const auto& candidate : kUnits) {
      if (rest.starts_with(candidate.name)) {
        unit = candidate.length;
        rest.remove_prefix(candidate.name.size());
        break;
      }
    }
    if (unit == 0) return bad_duration(text);
    total += number * static_cast<double>(unit);
  }
  if (total > static_cast<double>(std::numeric_limits<Nanos>::max() / 2)) return bad_duration(text);
  return static_cast<Nanos>(total);
}

std::string format_duration(Nanos duration) {
  static constexpr std::array kDown{
      Unit{"d", 86'400 * kSecond},
      Unit{"h", 3'600 * kSecond},
      Unit{"m", 60 * kSecond},
      Unit{"s", kSecond},
      Unit{"ms", kMillisecond},
      Unit{"us", kMicrosecond},
      Unit{"ns", 1},
  };
  if (duration == 0) return "0s";
  std::string out = duration < 0 ? "-" : "";
  if (duration < 0) duration = -duration;
  for (const auto& unit : kDown) {
    if (duration < unit.length) continue;
    out += std::to_string(duration / unit.length);
    out += unit.name;
    duration %= unit.length;
  }
  return out;
}

void append_rfc3339(std::string& out, Nanos wall) {
  const auto seconds = static_cast<std::time_t>(wall / kSecond - (wall % kSecond < 0 ? 1 : 0));
  const auto rest = static_cast<long>(wall - static_cast<Nanos>(seconds) * kSecond);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[48];
  const int size = std::snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ",
                                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                                 parts.tm_hour, parts.tm_min, parts.tm_sec, rest);
  out.append(text, static_cast<std::size_t>(size));
}

std::string format_rfc3339(Nanos wall) {
  std::string out;
  append_rfc3339(out, wall);
  return out;
}

Result<Nanos> parse_time(std::string_view text, Nanos now) {
  const std::string copy(text);
  std::tm parts{};
  if (const char* rest = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts); rest != nullptr) {
    Nanos fraction = 0;
    if (*rest == '.') {
      Nanos unit = kSecond / 10;
      for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10)
        fraction += (*rest - '0') * unit;
    }
    int hours = 0;
    int minutes = 0;
    char sign = 0;
    char after = 0;
    const bool zulu = (*rest == 'Z' || *rest == 'z') && rest[1] == '\0';
    if (zulu || (std::sscanf(rest, "%c%2d:%2d%c", &sign, &hours, &minutes, &after) == 3 &&
                 (sign == '+' || sign == '-'))) {
      const Nanos offset = (hours * 60 + minutes) * 60 * kSecond;
      const auto seconds = static_cast<Nanos>(timegm(&parts));
      // Nanoseconds since 1970 end in 2262, and began in 1677.
      constexpr Nanos kMost =
          std::numeric_limits<Nanos>::max() / kSecond - 10 * 86'400;  // room for the offset
      if (seconds > -kMost && seconds < kMost)
        return seconds * kSecond + fraction - (sign == '-' ? -offset : offset);
    }
  } else if (auto ago = parse_duration(text.starts_with('-') ? text.substr(1) : text)) {
    return now - *ago;
  }
  return fail("'" + copy + "' is neither an RFC 3339 time nor a duration such as 15m",
              ErrorKind::kUsage);
}

}  // namespace netprobe
