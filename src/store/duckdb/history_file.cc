// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/history_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>

namespace netprobe::duck {
namespace {

constexpr std::string_view kEnd = ".duckdb";
constexpr std::size_t kStampSize = 15;

template <typename T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

bool is_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string_view to_string(FileKind kind) {
  static constexpr std::array<std::string_view, kFileKinds> kNames{"raw", "minute", "hour",
                                                                   "events"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::optional<FileName> parse_file_name(std::string_view name) {
  if (!name.ends_with(kEnd)) return std::nullopt;
  name.remove_suffix(kEnd.size());
  FileName result;
  const auto dash = name.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view kind = name.substr(0, dash);
  name.remove_prefix(dash + 1);
  const auto second = name.find('-');
  if (kind == "raw") {
    if (second == std::string_view::npos) return std::nullopt;
    const auto sequence = number<std::uint64_t>(name.substr(0, second));
    const std::string_view stamp = name.substr(second + 1);
    if (!sequence || stamp.size() != kStampSize || stamp[8] != 'T' ||
        !is_digits(stamp.substr(0, 8)) || !is_digits(stamp.substr(9)))
      return std::nullopt;
    result.sequence = *sequence;
    result.period = stamp;
  } else {
    result.kind = kind == "minute" ? FileKind::kMinute
                  : kind == "hour" ? FileKind::kHour
                                   : FileKind::kEvents;
    if (result.kind == FileKind::kEvents && kind != "events") return std::nullopt;
    result.period = name.substr(0, second);
    const std::size_t size = result.kind == FileKind::kHour ? 6 : 8;
    if (result.period.size() != size || !is_digits(result.period)) return std::nullopt;
    if (second != std::string_view::npos) {
      const auto turn = number<unsigned>(name.substr(second + 1));
      if (!turn || *turn < 2) return std::nullopt;
      result.turn = *turn;
    }
  }
  return result;
}

std::string format_file_name(const FileName& name) {
  if (name.kind == FileKind::kRaw)
    return fmt::format("raw-{:08}-{}{}", name.sequence, name.period, kEnd);
  if (name.turn > 1)
    return fmt::format("{}-{}-{}{}", to_string(name.kind), name.period, name.turn, kEnd);
  return fmt::format("{}-{}{}", to_string(name.kind), name.period, kEnd);
}

std::string format_stamp(Micros wall) {
  const auto seconds = static_cast<std::time_t>(std::max<Micros>(wall, 0) / 1'000'000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%S", &parts);
  return {text.data(), size};
}

std::string period_of(FileKind kind, std::string_view stamp) {
  return std::string(stamp.substr(0, kind == FileKind::kHour ? 6 : 8));
}

FileKind file_kind(RecordKind kind, Tier tier) {
  if (kind != RecordKind::kFlow) return FileKind::kEvents;
  if (tier == Tier::kMinute) return FileKind::kMinute;
  return tier == Tier::kHour ? FileKind::kHour : FileKind::kRaw;
}

void TimeRange::add(const TimeRange& other) {
  if (other.rows == 0) return;
  oldest = rows == 0 ? other.oldest : std::min(oldest, other.oldest);
  newest = rows == 0 ? other.newest : std::max(newest, other.newest);
  rows += other.rows;
}

std::uint64_t HistoryFile::rows() const {
  std::uint64_t sum = 0;
  for (const TimeRange& range : ranges) sum += range.rows;
  return sum;
}

Micros HistoryFile::newest() const {
  TimeRange all;
  for (const TimeRange& range : ranges) all.add(range);
  return all.rows == 0 ? modified : std::min(all.newest, modified);
}

}  // namespace netprobe::duck
