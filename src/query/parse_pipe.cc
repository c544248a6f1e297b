// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "query/literal.h"
#include "query/nearest.h"
#include "query/parser.h"

namespace netprobe {
namespace {

using enum Token::Kind;

constexpr std::size_t kMostRows = 10'000'000;
constexpr std::size_t kMostFields = 32;
constexpr Micros kShortestStep = 1'000'000;

constexpr std::array<std::string_view, 13> kOtherStages{
    "top",  "histogram", "new",    "by",   "order", "sort", "limit",
    "head", "fields",    "select", "last", "since", "until"};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::vector<std::string> stage_words() {
  std::vector<std::string> words = aggregate_words();
  words.insert(words.end(), {"top", "histogram", "new", "by", "order by", "limit", "fields", "last",
                             "since", "until"});
  return words;
}

bool is_stage_word(const Token& token) {
  const auto is = [&](std::string_view word) { return token.is_word(word); };
  return std::ranges::any_of(kOtherStages, is) || std::ranges::any_of(aggregate_words(), is);
}

bool begins_stage(const Token& token) {
  return token.kind == kWord && !find_field(token.text) &&
         (is_stage_word(token) || aggregate_word(token.text));
}

bool QueryParser::parse_stages(bool begun) {
  while (begun || token_.kind == kPipe) {
    if (!begun) advance();
    begun = false;
    if (failed() || !parse_stage()) return false;
    if (token_.kind == kEnd || token_.kind == kPipe) continue;
    if (token_.kind == kBad) return false;
    return fail_expecting("a '|' or the end", {"|"});
  }
  return !failed();
}

bool QueryParser::parse_stage() {
  const Token stage = token_;
  const auto is = [&](std::string_view word) { return stage.is_word(word); };
  if (is("since") || is("until") || is("last")) return parse_range(stage);
  if (is("order") || is("sort") || is("limit") || is("head") || is("fields") || is("select")) {
    advance();
    if (is("order") || is("sort")) return parse_order();
    return is("limit") || is("head") ? parse_limit() : parse_select();
  }
  if (stage.kind != kWord) return fail_expecting("a stage", stage_words());
  if (!is_stage_word(stage) && !aggregate_word(stage.text)) return fail_unknown_stage(stage);
  if (!begin_sums(stage)) return false;
  if (is("top") || is("histogram") || is("new") || is("by")) advance();
  if (is("top")) return parse_top();
  if (is("histogram")) return parse_histogram();
  if (is("new")) return parse_new();
  if (is("by")) return parse_groups();
  return parse_aggregates();
}

bool QueryParser::fail_unknown_stage(const Token& stage) {
  if (find_field(stage.text))
    return fail(stage, described(stage) + " is a field: conditions stand before the first '|'");
  const auto words = stage_words();
  const std::vector<std::string_view> views(words.begin(), words.end());
  return fail(stage,
              "there is no stage " + described(stage) +
                  did_you_mean(nearest_words(stage.text, views)) + "; there are: " + joined(words),
              words);
}

/// A query sums up once, before what it orders and limits.
bool QueryParser::begin_sums(const Token& stage) {
  if (sums_) return fail(stage, "a query sums up once, and this one did before");
  if (ordered_) return fail(stage, described(stage) + " comes before order, limit and fields");
  sums_ = true;
  return true;
}

bool QueryParser::parse_range(const Token& stage) {
  advance();
  const Token at = token_;
  const bool until = stage.is_word("until");
  auto& bound = until ? query_.until : query_.since;
  if (bound) return fail(stage, std::string(until ? "until" : "since") + " is given twice");
  if (stage.is_word("last")) {
    const auto duration = take_duration();
    if (!duration) return false;
    bound = *parse_when("now", now_) - *duration;
  } else {
    bound = take_time();
    if (!bound) return false;
  }
  if (query_.since && query_.until && *query_.since >= *query_.until)
    return fail(at, "since is not before until: nothing lies between");
  return true;
}

std::optional<Micros> QueryParser::take_duration() {
  const auto duration = token_.kind == kWord ? parse_micros(token_.text) : std::nullopt;
  if (!duration || *duration == 0) {
    fail_expecting("a duration such as 5m or 1h30m");
    return std::nullopt;
  }
  advance();
  return duration;
}

std::optional<Micros> QueryParser::take_time() {
  const bool word = token_.kind == kWord || token_.kind == kText;
  const auto time = word ? parse_when(token_.value(), now_) : std::nullopt;
  if (!time) {
    fail_expecting("a time such as 2026-11-26T08:00:00Z, or 15m for so long ago,");
    return std::nullopt;
  }
  advance();
  return time;
}

std::optional<std::size_t> QueryParser::take_number(std::size_t most) {
  const auto number = token_.kind == kWord ? parse_digits(token_.text, most) : std::nullopt;
  if (!number || *number == 0) {
    fail_expecting("a number from 1 to " + std::to_string(most));
    return std::nullopt;
  }
  advance();
  return static_cast<std::size_t>(*number);
}

/// A field of one meaning; `use`: what it is for, of errors.
std::optional<FieldRef> QueryParser::take_single_field(std::string_view use) {
  const Token at = token_;
  if (at.kind != kWord) {
    fail_expecting("a field", field_words(false));
    return std::nullopt;
  }
  const auto name = find_field(at.text);
  if (name && name->is_bare()) {
    std::vector<std::string> narrower;
    for (const auto id : name->ids)
      if ((field(id).kinds & kinds_) != 0) narrower.push_back(field_name({id, name->label}));
    fail(at,
         described(at) + " means either side: " + std::string(use) + " " +
             (narrower.size() > 2 ? "one of " : "") + joined(narrower),
         narrower);
    return std::nullopt;
  }
  const auto taken = take_field();
  if (!taken || failed()) return std::nullopt;
  return FieldRef{taken->ids.front(), taken->label};
}

bool QueryParser::take_fields(std::vector<FieldRef>& into, std::string_view use) {
  const bool open = token_.kind == kOpen;
  if (open) advance();
  for (;;) {
    const Token at = token_;
    auto ref = take_single_field(use);
    if (!ref) return false;
    if (std::ranges::find(into, *ref) != into.end())
      return fail(at, described(at) + " is there twice");
    if (into.size() == kMostFields)
      return fail(at, "more than " + std::to_string(kMostFields) + " fields");
    into.push_back(std::move(*ref));
    if (token_.kind != kComma) break;
    advance();
  }
  if (open && token_.kind != kClose) return fail_expecting("a ',' or a ')'", {",", ")"});
  if (open) advance();
  return !failed();
}

bool QueryParser::parse_by() {
  if (token_.kind == kCursor) return fail_expecting("", {"by", "every", "|"});
  if (!token_.is_word("by")) return true;
  advance();
  return take_fields(query_.by, "group by");
}

bool QueryParser::parse_every() {
  if (token_.kind == kCursor) return fail_expecting("", {",", "every", "|"});
  if (!token_.is_word("every")) return true;
  advance();
  const Token at = token_;
  query_.every = take_duration();
  if (!query_.every) return false;
  if (*query_.every < kShortestStep) return fail(at, "a step is 1s or longer");
  return true;
}

bool QueryParser::parse_new() {
  if (!take_fields(query_.by, "write")) return false;
  if (!token_.is_word("since"))
    return fail_expecting("a ',' or 'since' and a time", {",", "since"});
  advance();
  query_.new_since = take_time();
  return query_.new_since.has_value();
}

bool QueryParser::parse_groups() { return take_fields(query_.by, "group by") && parse_every(); }

bool QueryParser::parse_limit() {
  const Token at = token_;
  if (query_.limit) return fail(at, "the limit is given before");
  query_.limit = take_number(kMostRows);
  ordered_ = true;
  return query_.limit.has_value();
}

bool QueryParser::parse_select() {
  if (sums_)
    return fail(token_, "fields are chosen of records; sums have the columns of their own");
  if (!query_.select.empty()) return fail(token_, "fields are chosen before");
  ordered_ = true;
  return take_fields(query_.select, "write");
}

}  // namespace netprobe
