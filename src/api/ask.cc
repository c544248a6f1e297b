// SPDX-License-Identifier: Apache-2.0
#include "api/ask.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/duration.h"
#include "model/flow_filter.h"

namespace netprobe {
namespace {

using Names = std::vector<std::string_view>;

constexpr std::array<std::string_view, 11> kOwn{"q",      "since",   "until",    "limit",
                                                "cursor", "timeout", "max_rows", "max_rows_read",
                                                "format", "source",  "objects"};
constexpr std::array<std::string_view, 5> kFormats{"json", "jsonl", "csv", "table", "parquet"};
constexpr std::array<std::string_view, 2> kFlags{"true", "false"};

std::unexpected<BadQuery> bad(std::string_view parameter, std::string detail, Names allowed = {}) {
  return std::unexpected(BadQuery{std::string(parameter), std::move(detail), std::move(allowed)});
}

template <std::size_t N>
std::unexpected<BadQuery> no_word(std::string_view parameter, const std::string& value,
                                  const std::array<std::string_view, N>& words) {
  std::string text =
      "'" + value + "' is not a value for " + std::string(parameter) + ": use one of ";
  for (std::size_t i = 0; i < N; ++i) text += (i == 0 ? "" : ", ") + std::string(words[i]);
  return bad(parameter, std::move(text), Names(words.begin(), words.end()));
}

QueryResult<std::uint64_t> number(std::string_view parameter, const std::string& text,
                                  std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > most)
    return bad(parameter, "'" + text + "' is not a value for " + std::string(parameter) +
                              ": it takes a number from 1 to " + std::to_string(most));
  return value;
}

QueryResult<Micros> timeout(const std::string& text) {
  const auto duration = parse_duration(text);
  if (!duration || *duration < kMillisecond || *duration / kMicrosecond > kMaxAskTime)
    return bad("timeout", "'" + text +
                              "' is not a value for timeout: it takes a duration from 1ms to " +
                              format_duration(kMaxAskTime * kMicrosecond));
  return *duration / kMicrosecond;
}

/// One parameter that is no condition, `q` aside.
QueryResult<void> take(Ask& ask, std::optional<std::size_t>& limit, std::string_view name,
                       const std::string& value) {
  if (name == "limit" || name == "max_rows" || name == "max_rows_read") {
    const auto count = number(name, value, name == "max_rows_read" ? kMaxAskRowsRead : kMaxAskRows);
    if (!count) return std::unexpected(count.error());
    if (name == "limit") limit = *count;
    if (name == "max_rows") ask.limits.rows = *count;
    if (name == "max_rows_read") ask.limits.rows_read = *count;
  } else if (name == "timeout") {
    const auto time = timeout(value);
    if (!time) return std::unexpected(time.error());
    ask.limits.time = *time;
  } else if (name == "format") {
    const auto format = parse_answer_format(value);
    if (!format) return no_word(name, value, kFormats);
    ask.format = *format;
  } else if (name == "source") {
    const auto source = parse_source(value);
    if (!source) return no_word(name, value, kSources);
    ask.source = *source;
  } else if (name == "objects") {
    if (std::ranges::find(kFlags, value) == kFlags.end()) return no_word(name, value, kFlags);
    ask.objects = value == "true";
  } else if (name == "cursor") {
    if (value.empty()) return bad(name, "cursor is given without a value");
    ask.cursor = value;
  }
  return {};
}

/// What a list gives where nobody says how much: shown in the canonical form, so
/// that it is no hidden one. Exports are of all that the limits allow.
void limit_rows(Ask& ask, std::optional<std::size_t> limit) {
  if (limit)
    ask.query.limit = std::min(*limit, ask.query.limit.value_or(*limit));
  else if (!ask.query.limit && !ask.query.is_aggregate() &&
           (ask.format == AnswerFormat::kJson || ask.format == AnswerFormat::kTable))
    ask.query.limit = kDefaultLimit;
}

}  // namespace

QueryResult<Ask> parse_ask(const QueryParams& params, Nanos now) {
  Names allowed(kOwn.begin(), kOwn.end());
  const auto keys = FlowFilter::keys();
  allowed.insert(allowed.end(), keys.begin(), keys.end());
  const auto values = named_values(params, allowed, keys);
  if (!values) return std::unexpected(values.error());

  Ask ask;
  const auto text = std::ranges::find(*values, "q", &NamedValue::name);
  auto query = parse_query(text == values->end() ? std::string_view() : *text->value, now);
  if (!query) return std::unexpected(bad_text("q", query.error()));
  ask.query = std::move(*query);

  std::vector<NamedValue> conditions;
  std::optional<std::size_t> limit;
  for (const NamedValue& each : *values) {
    if (FlowFilter::is_key(each.name)) {
      conditions.push_back(each);
    } else if (each.name == "since" || each.name == "until") {
      const auto when = parse_time(*each.value, now);
      if (!when) return bad(each.name, when.error().message);
      if (each.name == "since")
        narrow_time(ask.query, *when, std::nullopt);
      else
        narrow_time(ask.query, std::nullopt, *when);
    } else if (auto taken = take(ask, limit, each.name, *each.value); !taken) {
      return std::unexpected(taken.error());
    }
  }
  if (auto done = narrow(ask.query, conditions, now); !done) return std::unexpected(done.error());
  if (ask.query.since && ask.query.until && *ask.query.since > *ask.query.until)
    return bad("since", "since is later than until");
  if (!ask.cursor.empty() && ask.query.is_aggregate())
    return bad("cursor", "only lists of records have pages; this query groups them");
  limit_rows(ask, limit);
  return ask;
}

}  // namespace netprobe
