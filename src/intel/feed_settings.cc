// SPDX-License-Identifier: Apache-2.0
#include "intel/feed_settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/byte_size.h"
#include "base/duration.h"
#include "io/url.h"

namespace netprobe::intel {
namespace {

constexpr std::size_t kMostName = 64;
constexpr std::size_t kMostText = 4096;
constexpr Nanos kShortestEvery = 10 * kSecond;
constexpr Nanos kLongestEvery = 30 * 86'400 * kSecond;
constexpr std::uint64_t kMostBytes = 16ULL << 30U;
constexpr std::uint64_t kMostEntries = 100'000'000;

std::unexpected<Error> wrong(std::string_view option, std::string_view takes) {
  return fail(std::string(option) + " takes " + std::string(takes), ErrorKind::kUsage);
}

Status set_format(FeedSettings& settings, const std::string& value) {
  using enum FeedFormat;
  for (const FeedFormat format : {kAuto, kPlain, kCsv, kStix}) {
    if (value != to_string(format)) continue;
    settings.syntax.format = format;
    return {};
  }
  return wrong("format", "auto, plain, csv or stix");
}

Status set_column(FeedSettings& settings, const std::string& value) {
  if (value.empty()) return wrong("column", "a header's name or a number from 1");
  settings.syntax.column = value;
  return {};
}

Status set_reason(FeedSettings& settings, const std::string& value) {
  if (value.empty()) return wrong("reason", "a header's name or a number from 1");
  settings.syntax.reason = value;
  return {};
}

Status set_every(FeedSettings& settings, const std::string& value) {
  const auto every = parse_duration(value);
  if (!every || *every < kShortestEvery || *every > kLongestEvery)
    return wrong("every", "a time from 10s to 30d, such as 1h");
  settings.every = *every;
  return {};
}

Status set_severity(FeedSettings& settings, const std::string& value) {
  using enum Severity;
  for (const Severity severity : {kInfo, kLow, kMedium, kHigh, kCritical}) {
    if (value != to_string(severity)) continue;
    settings.severity = severity;
    return {};
  }
  return wrong("severity", "info, low, medium, high or critical");
}

template <typename Number>
std::optional<Number> number_of(const std::string& value) {
  Number number = 0;
  const char* end = value.data() + value.size();
  const auto read = std::from_chars(value.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) return {};
  return number;
}

Status set_confidence(FeedSettings& settings, const std::string& value) {
  const auto percent = number_of<unsigned>(value);
  if (!percent || *percent > 100) return wrong("confidence", "a number from 0 to 100");
  settings.confidence = static_cast<double>(*percent) / 100;
  return {};
}

Status set_max_bytes(FeedSettings& settings, const std::string& value) {
  const auto bytes = parse_byte_size(value);
  if (!bytes || *bytes == 0 || *bytes > kMostBytes)
    return wrong("max-bytes", "a size from 1 to 16GiB, such as 256MiB");
  settings.max_bytes = *bytes;
  return {};
}

Status set_max_entries(FeedSettings& settings, const std::string& value) {
  const auto entries = number_of<std::uint64_t>(value);
  if (!entries || *entries == 0 || *entries > kMostEntries)
    return wrong("max-entries", "a number from 1 to 100000000");
  settings.max_entries = *entries;
  return {};
}

Status set_may_be_empty(FeedSettings& settings, const std::string& value) {
  if (value != "true" && value != "false") return wrong("may-be-empty", "true or false");
  settings.may_be_empty = value == "true";
  return {};
}

Status set_headers(FeedSettings& settings, const std::string& value) {
  if (!settings.is_url()) return fail("headers is for a URL", ErrorKind::kUsage);
  settings.headers = value;
  return {};
}

Status set_ca_file(FeedSettings& settings, const std::string& value) {
  if (!settings.is_url()) return fail("ca-file is for a URL", ErrorKind::kUsage);
  settings.ca_file = value;
  return {};
}

struct FeedOption {
  std::string_view name;
  Status (*set)(FeedSettings& settings, const std::string& value);
};
constexpr std::array kOptions{
    FeedOption{"format", set_format},
    FeedOption{"column", set_column},
    FeedOption{"reason", set_reason},
    FeedOption{"every", set_every},
    FeedOption{"severity", set_severity},
    FeedOption{"confidence", set_confidence},
    FeedOption{"max-bytes", set_max_bytes},
    FeedOption{"max-entries", set_max_entries},
    FeedOption{"may-be-empty", set_may_be_empty},
    FeedOption{"headers", set_headers},
    FeedOption{"ca-file", set_ca_file},
};

std::string option_names() {
  std::string names;
  for (const FeedOption& option : kOptions) {
    if (!names.empty()) names += ", ";
    names += option.name;
  }
  return names;
}

bool is_feed_name(std::string_view name) {
  return !name.empty() && name.size() <= kMostName && name.front() != '.' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_';
         });
}

Status check_location(const FeedSettings& settings) {
  const std::string& location = settings.location;
  const auto scheme = location.find("://");
  if (settings.is_url()) {
    if (location.size() == scheme + 3 || location.find('#') != std::string::npos ||
        std::ranges::any_of(location, [](unsigned char c) { return c <= 0x20 || c == 0x7f; }))
      return fail("it is no URL such as https://lists.example/bad.txt", ErrorKind::kUsage);
    return {};
  }
  if (scheme != std::string::npos && location.find('/') > scheme)
    return fail("a URL begins with http:// or https://", ErrorKind::kUsage);
  if (!location.starts_with('/'))
    return fail("a file is named by its whole path, such as /etc/netprobe/bad.txt",
                ErrorKind::kUsage);
  if (location.find('\0') != std::string::npos)
    return fail("its path has a NUL in it", ErrorKind::kUsage);
  return {};
}

/// One "name=value" behind the '?'.
Status take_parameter(FeedSettings& settings, std::string_view raw, std::string& kept) {
  const auto equals = std::min(raw.find('='), raw.size());
  // Undecoded: so that a letter written as %6F hides a name from here.
  const std::string_view name = raw.substr(0, equals);
  const auto option = std::ranges::find(kOptions, name, &FeedOption::name);
  if (option != kOptions.end()) {
    const auto value = percent_decode(raw.substr(std::min(equals + 1, raw.size())), true);
    if (!value) return std::unexpected(value.error());
    return option->set(settings, *value);
  }
  if (!settings.is_url())
    return fail("it has no option '" + std::string(name) + "'; there are " + option_names(),
                ErrorKind::kUsage);
  kept += kept.empty() ? "?" : "&";
  kept += raw;
  if (!settings.passed_on.empty()) settings.passed_on += ", ";
  settings.passed_on += name;
  return {};
}

}  // namespace

bool FeedSettings::is_url() const {
  return location.starts_with("http://") || location.starts_with("https://");
}

Result<FeedSettings> parse_feed_settings(std::string_view text) {
  if (text.size() > kMostText) return fail("a feed's settings are too long", ErrorKind::kUsage);
  FeedSettings settings;
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || !is_feed_name(text.substr(0, equals)))
    return fail(
        "a feed is NAME=PATH or NAME=URL, where NAME is of letters, digits, '.', '-' and "
        "'_': '" +
            clean_reason(text.substr(0, equals)) + "'",
        ErrorKind::kUsage);
  settings.name = text.substr(0, equals);
  const auto context = [&](const Error& error) {
    return fail("feed " + settings.name + ": " + error.message, ErrorKind::kUsage);
  };
  const std::string_view rest = text.substr(equals + 1);
  const auto question = std::min(rest.find('?'), rest.size());
  settings.location = rest.substr(0, question);
  if (auto good = check_location(settings); !good) return context(good.error());
  std::string kept;
  std::string_view query = rest.substr(std::min(question + 1, rest.size()));
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view raw = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (raw.empty()) continue;
    if (auto taken = take_parameter(settings, raw, kept); !taken) return context(taken.error());
  }
  settings.location += kept;
  if (auto good = check_location(settings); !good) return context(good.error());
  return settings;
}

}  // namespace netprobe::intel
