// SPDX-License-Identifier: Apache-2.0
#include "link/answer_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>

#include "link/column_reader.h"
#include "link/proto/netprobe.pb.h"

namespace netprobe {
namespace {

constexpr std::size_t kGoodMessage = 1U << 20U;  // bytes
constexpr std::size_t kMaxRowsPart = 8192;
constexpr std::size_t kMaxWarnings = 256;

// By FieldType. Names are what is told; numbers may change.
constexpr std::array<std::string_view, 11> kTypes{"time",     "duration", "count",   "number",
                                                  "protocol", "flags",    "address", "text",
                                                  "word",     "label",    "bool"};

FieldType type_from(std::string_view name) {
  const auto found = std::ranges::find(kTypes, name);
  // A type of a later version is shown as its values are.
  return found == kTypes.end() ? FieldType::kText : static_cast<FieldType>(found - kTypes.begin());
}

constexpr std::array kTiers{Tier::kLive, Tier::kRaw, Tier::kMinute, Tier::kHour};

std::size_t bytes_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? 9 : text->size() + 3;
}

/// The alternative of Value that the known values of a column have; of numbers that
/// differ, double.
std::size_t alternative(const QueryAnswer& answer, std::size_t from, std::size_t count,
                        std::size_t column) {
  std::size_t result = 0;
  for (std::size_t i = from; i < from + count; ++i) {
    const std::size_t one = answer.rows[i][column].index();
    if (one == 0 || one == result) continue;
    if (result == 0)
      result = one;
    else
      return Value(0.0).index();
  }
  return result;
}

double real_of(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return static_cast<double>(*number);
  return 0;
}

class ColumnWriter {
 public:
  ColumnWriter(v1::Column& to, std::size_t which) : to_(to), which_(which) {}

  void add(const Value& value) {
    known_.push_back(value.index() != 0);
    switch (which_) {
      case 1:
        to_.add_flags(get<bool>(value));
        break;
      case 2:
        to_.add_integers(get<std::int64_t>(value));
        break;
      case 3:
        to_.add_numbers(get<std::uint64_t>(value));
        break;
      case 4:
        to_.add_reals(real_of(value));
        break;
      case 5:
        to_.add_words(word(value));
        break;
      case 6: {
        const auto address = get<IpAddress>(value);
        to_.mutable_addresses()->append(reinterpret_cast<const char*>(address.bytes().data()), 16);
        break;
      }
      default:
        break;
    }
  }
  void finish() {
    if (std::ranges::find(known_, false) == known_.end()) return;
    std::string bits((known_.size() + 7) / 8, '\0');
    for (std::size_t i = 0; i < known_.size(); ++i)
      if (known_[i]) bits[i / 8] = static_cast<char>(bits[i / 8] | 1 << (i % 8));
    to_.set_known(std::move(bits));
  }

 private:
  template <typename T>
  static T get(const Value& value) {
    const T* known = std::get_if<T>(&value);
    return known == nullptr ? T{} : *known;
  }
  std::uint32_t word(const Value& value) {
    const auto* text = std::get_if<std::string>(&value);
    const std::string_view view = text == nullptr ? std::string_view() : std::string_view(*text);
    const auto [at, added] = words_.try_emplace(view, static_cast<std::uint32_t>(to_.texts_size()));
    if (added) to_.add_texts(view.data(), view.size());
    return at->second;
  }

  v1::Column& to_;
  std::size_t which_;
  std::vector<bool> known_;
  boost::unordered_flat_map<std::string_view, std::uint32_t, std::hash<std::string_view>> words_;
};

}  // namespace

std::size_t rows_that_fit(const QueryAnswer& answer, std::size_t from) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (from + count < answer.rows.size() && count < kMaxRowsPart) {
    for (const Value& value : answer.rows[from + count]) bytes += bytes_of(value);
    if (count > 0 && bytes > kGoodMessage) break;
    ++count;
  }
  return count;
}

void encode_rows(const QueryAnswer& answer, std::size_t from, std::size_t count, v1::Table& to) {
  to.set_rows(static_cast<std::uint32_t>(count));
  for (std::size_t c = 0; c < answer.columns.size(); ++c) {
    const Column& column = answer.columns[c];
    v1::Column& filled = *to.add_columns();
    filled.set_name(column.name);
    const auto type = kTypes.at(static_cast<std::size_t>(column.type));
    filled.set_type(type.data(), type.size());
    filled.set_is_real(column.is_real);
    ColumnWriter writer(filled, alternative(answer, from, count, c));
    for (std::size_t i = from; i < from + count; ++i) writer.add(answer.rows[i][c]);
    writer.finish();
  }
}

Status decode_rows(const v1::Table& from, TextBudget& budget, QueryAnswer& answer) {
  if (from.rows() > kMaxTableRows)
    return fail(fmt::format("a table of {} rows; {} are taken", from.rows(), kMaxTableRows));
  if (static_cast<std::size_t>(from.columns_size()) > kMaxTableColumns)
    return fail(
        fmt::format("a table of {} columns; {} are taken", from.columns_size(), kMaxTableColumns));
  std::vector<Column> columns;
  std::vector<ColumnReader> readers;
  const std::size_t rows = from.rows();
  for (const v1::Column& column : from.columns()) {
    columns.push_back(
        {.name = column.name(), .type = type_from(column.type()), .is_real = column.is_real()});
    auto reader = ColumnReader::make(column, rows);
    if (!reader) return std::unexpected(reader.error());
    readers.push_back(std::move(*reader));
  }
  if (answer.columns.empty())
    answer.columns = std::move(columns);
  else if (answer.columns != columns)
    return fail("parts of one answer have different columns");
  if (!budget.take(rows * (sizeof(std::vector<Value>) + readers.size() * sizeof(Value)) / 16))
    return fail("its rows are too many for its size");
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<Value>& row = answer.rows.emplace_back();
    row.reserve(readers.size());
    for (const ColumnReader& reader : readers) {
      row.push_back(reader.value(i));
      const auto* text = std::get_if<std::string>(&row.back());
      if (text != nullptr && text->size() >= 16 && !budget.take(text->size()))
        return fail("its texts are too long for its size");
    }
  }
  return {};
}

void encode_end(const QueryAnswer& answer, v1::QueryEnd& to) {
  const auto tier = to_string(answer.tier);
  to.set_tier(tier.data(), tier.size());
  to.set_resolution(answer.resolution);
  if (answer.since) to.set_since(*answer.since);
  if (answer.until) to.set_until(*answer.until);
  if (answer.kept_since) to.set_kept_since(*answer.kept_since);
  to.set_exact(answer.exact);
  to.set_truncated(answer.truncated);
  to.set_cursor(answer.cursor);
  for (const std::string& warning : answer.warnings) to.add_warnings(warning);
  to.set_rows_read(answer.rows_read);
  to.set_took(answer.took);
}

void decode_end(const v1::QueryEnd& from, QueryAnswer& answer) {
  for (const Tier tier : kTiers)
    if (to_string(tier) == from.tier()) answer.tier = tier;
  answer.resolution = from.resolution();
  if (from.has_since()) answer.since = from.since();
  if (from.has_until()) answer.until = from.until();
  if (from.has_kept_since()) answer.kept_since = from.kept_since();
  answer.exact = from.exact();
  answer.truncated = from.truncated();
  answer.cursor = from.cursor();
  for (const std::string& warning : from.warnings()) {
    if (answer.warnings.size() == kMaxWarnings) break;
    answer.warnings.push_back(warning);
  }
  answer.rows_read = from.rows_read();
  answer.took = from.took();
}

void encode_failure(const QueryFailure& failure, v1::QueryFailed& to) {
  using enum QueryFailure::Kind;
  switch (failure.kind) {
    case kBadQuery:
      to.set_kind(v1::QueryFailed::BAD_QUERY);
      break;
    case kTooBroad:
      to.set_kind(v1::QueryFailed::TOO_BROAD);
      break;
    case kCancelled:
      to.set_kind(v1::QueryFailed::CANCELLED);
      break;
    case kNoStore:
      to.set_kind(v1::QueryFailed::NO_STORE);
      break;
    case kFailed:
      to.set_kind(v1::QueryFailed::FAILED);
      break;
  }
  to.set_message(failure.message);
}

QueryFailure decode_failure(const v1::QueryFailed& from) {
  using enum QueryFailure::Kind;
  QueryFailure failure{kFailed, from.message()};
  switch (from.kind()) {
    case v1::QueryFailed::BAD_QUERY:
      failure.kind = kBadQuery;
      break;
    case v1::QueryFailed::TOO_BROAD:
      failure.kind = kTooBroad;
      break;
    case v1::QueryFailed::CANCELLED:
      failure.kind = kCancelled;
      break;
    case v1::QueryFailed::NO_STORE:
      failure.kind = kNoStore;
      break;
    default:  // of a later version, too
      break;
  }
  return failure;
}

}  // namespace netprobe
