// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "query/expr.h"
#include "query/parser.h"

namespace netprobe {
namespace {

using enum Token::Kind;
using enum AggregateOp;

constexpr std::size_t kMostAggregates = 16;
constexpr std::size_t kDefaultTop = 10;
constexpr std::size_t kMostTop = 10'000;
constexpr double kLeastQuantile = 1e-6;

struct OpWord {
  std::string_view word;
  AggregateOp op;
};
// Where an op has two, the first is its name.
constexpr std::array kOpWords{
    OpWord{"count", kCount},       OpWord{"sum", kSum},       OpWord{"min", kMin},
    OpWord{"max", kMax},           OpWord{"avg", kAvg},       OpWord{"quantile", kQuantile},
    OpWord{"distinct", kDistinct}, OpWord{"rate", kRate},     OpWord{"peak", kPeak},
    OpWord{"mean", kAvg},          OpWord{"uniq", kDistinct},
};
constexpr std::string_view kMedian = "median";

bool fits(AggregateOp op, FieldType type) {
  switch (op) {
    case kSum:
    case kAvg:
    case kQuantile:
      return type == FieldType::kCount || type == FieldType::kDuration;
    case kMin:
    case kMax:
      return type == FieldType::kCount || type == FieldType::kDuration || type == FieldType::kTime;
    case kRate:
    case kPeak:
      return type == FieldType::kCount;
    case kCount:
    case kDistinct:
      break;
  }
  return true;
}

/// "p99" and "p99.9" are quantiles; read as 0.999 is, so that it is the same number.
std::optional<double> percentile_of(std::string_view word) {
  if (word.size() < 2 || (word[0] != 'p' && word[0] != 'P') || word[1] < '0' || word[1] > '9')
    return std::nullopt;
  const std::string number = std::string(word.substr(1)) + "e-2";
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc{} || end != number.data() + number.size() ||
      !(value >= kLeastQuantile && value <= 1))
    return std::nullopt;
  return value;
}

std::vector<std::string> fields_for(AggregateOp op, std::uint8_t kinds) {
  std::vector<std::string> words;
  for (const auto& each : fields())
    if ((each.kinds & kinds) != 0 && fits(op, each.type)) words.emplace_back(each.name);
  return words;
}

}  // namespace

std::string_view to_string(AggregateOp op) {
  return std::ranges::find(kOpWords, op, &OpWord::op)->word;
}

std::optional<AggregateWord> aggregate_word(std::string_view text) {
  const std::string word = normal_name(text);
  if (const auto quantile = percentile_of(word)) return AggregateWord{kQuantile, *quantile};
  if (word == kMedian) return AggregateWord{kQuantile, 0.5};
  const auto found = std::ranges::find(kOpWords, word, &OpWord::word);
  if (found == kOpWords.end()) return std::nullopt;
  return AggregateWord{found->op, 0};
}

std::vector<std::string> aggregate_words() {
  return {"count",    "sum",      "min", "max", "avg", "rate", "peak",
          "distinct", "quantile", "p50", "p90", "p95", "p99"};
}

std::string percentile_word(double quantile) {
  // The digits are moved, not multiplied: "0.05" is "p5", "0.999" is "p99.9".
  std::array<char, 48> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), quantile,
                                 std::chars_format::fixed);
  std::string places(digits.data(), end.ptr);
  if (places == "1") return "p100";
  places.erase(0, 2);
  while (places.size() < 2) places += '0';
  std::string word = "p";
  word.append(places, places.starts_with('0') ? 1 : 0, places.starts_with('0') ? 1 : 2);
  return places.size() > 2 ? word + '.' + places.substr(2) : word;
}

std::string aggregate_name(AggregateOp op, const FieldRef& ref, double quantile) {
  if (op == kCount) return "count";
  std::string name = op == kQuantile ? percentile_word(quantile) : std::string(to_string(op));
  name += '_' + field_name(ref);
  for (char& c : name)
    if (c == '.' || c == '-' || c == '/') c = '_';
  return name;
}

std::optional<Aggregate> QueryParser::aggregate_of(AggregateOp op, double quantile,
                                                   const Token& at) {
  const bool open = token_.kind == kOpen;
  if (open) advance();
  const Token of = token_;
  if (of.kind != kWord) {
    fail_expecting("a field behind " + described(at), fields_for(op, kinds_));
    return std::nullopt;
  }
  auto ref = take_single_field("write");
  if (!ref) return std::nullopt;
  if (!fits(op, field(ref->id).type)) {
    const std::string_view why = field(ref->id).type == FieldType::kDuration
                                     ? ": of a time, use avg, max or p99"
                                     : ": it is nothing to add up or compare";
    fail(of, described(at) + " does not go with " + described(of) + std::string(why),
         fields_for(op, kinds_));
    return std::nullopt;
  }
  if (open && token_.kind != kClose) {
    fail_expecting("a ')'", {")"});
    return std::nullopt;
  }
  if (open) advance();
  return Aggregate{op, *ref, quantile, aggregate_name(op, *ref, quantile)};
}

/// One, such as "p99 rtt" or "sum(bytes)". A field alone is summed up as the one
/// before it was.
std::optional<Aggregate> QueryParser::take_aggregate(const Aggregate* like) {
  const Token at = token_;
  if (at.kind != kWord) {
    fail_expecting("what to sum up", aggregate_words());
    return std::nullopt;
  }
  const auto word = aggregate_word(at.text);
  if (!word) {
    if (like != nullptr && like->op != kCount && find_field(at.text))
      return aggregate_of(like->op, like->quantile, at);
    fail(at, described(at) + " sums up nothing: write sum, min, max, avg, p99 …",
         aggregate_words());
    return std::nullopt;
  }
  advance();
  if (word->op == kCount) return Aggregate{.op = kCount, .name = "count"};
  double quantile = word->quantile;
  if (word->op == kQuantile && quantile == 0) {
    const auto text = token_.kind == kWord ? token_.text : std::string_view();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), quantile);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() ||
        !(quantile >= kLeastQuantile && quantile <= 1)) {
      fail_expecting("a share above 0 and at most 1, such as 0.99,");
      return std::nullopt;
    }
    advance();
  }
  return aggregate_of(word->op, quantile, at);
}

bool QueryParser::add_aggregate(Aggregate aggregate, const Token& at) {
  if (query_.aggregates.size() == kMostAggregates)
    return fail(at, "more than " + std::to_string(kMostAggregates) + " sums");
  if (std::ranges::find(query_.aggregates, aggregate) != query_.aggregates.end())
    return fail(at, "'" + aggregate.name + "' is there twice");
  // Of labels whose keys differ in a sign only.
  while (std::ranges::find(query_.aggregates, aggregate.name, &Aggregate::name) !=
         query_.aggregates.end())
    aggregate.name += '_';
  query_.aggregates.push_back(std::move(aggregate));
  return true;
}

bool QueryParser::add_waiting(std::vector<std::pair<Token, AggregateWord>>& waiting,
                              const Aggregate& of) {
  for (const auto& [at, word] : waiting) {
    if (of.op == kCount || !fits(word.op, field(of.field.id).type))
      return fail(at, described(at) + " does not go with " + of.name, fields_for(word.op, kinds_));
    if (!add_aggregate(
            {word.op, of.field, word.quantile, aggregate_name(word.op, of.field, word.quantile)},
            at))
      return false;
  }
  waiting.clear();
  return true;
}

bool QueryParser::parse_aggregates() {
  // "p50, p99 rtt" is both of it: those words wait for the field.
  std::vector<std::pair<Token, AggregateWord>> waiting;
  for (;;) {
    const Token at = token_;
    const auto word = at.kind == kWord ? aggregate_word(at.text) : std::nullopt;
    const bool waits = word && word->op != kCount &&
                       (word->op != kQuantile || word->quantile > 0) && peek().kind == kComma;
    if (waits && waiting.size() < kMostAggregates) {
      waiting.emplace_back(at, *word);
      advance();
    } else {
      auto aggregate =
          take_aggregate(query_.aggregates.empty() ? nullptr : &query_.aggregates.back());
      if (!aggregate || !add_waiting(waiting, *aggregate) ||
          !add_aggregate(std::move(*aggregate), at))
        return false;
    }
    if (token_.kind != kComma) break;
    advance();
  }
  if (token_.kind == kCursor) return fail_expecting("", {",", "by", "every", "|"});
  return parse_by() && parse_every();
}

/// top 10 src.workload by bytes: as if it were summed up, ordered and limited.
bool QueryParser::parse_top() {
  std::size_t rows = kDefaultTop;
  if (token_.kind == kWord && token_.text.front() >= '0' && token_.text.front() <= '9') {
    const auto number = take_number(kMostTop);
    if (!number) return false;
    rows = *number;
  }
  if (!take_fields(query_.by, "write")) return false;
  if (!token_.is_word("by"))
    return fail_expecting("a ',' or 'by' and what to order by, such as 'by bytes',", {",", "by"});
  advance();
  const Token at = token_;
  // "by bytes" is the sum of it.
  const Aggregate sum{.op = kSum};
  auto aggregate = take_aggregate(&sum);
  if (!aggregate || !add_aggregate(std::move(*aggregate), at)) return false;
  if (token_.is_word("every"))
    return fail(token_, "top has no steps: every step would have its own first ones");
  query_.order.push_back({query_.aggregates.front().name, true});
  query_.limit = rows;
  ordered_ = true;
  return true;
}

bool QueryParser::parse_histogram() {
  const Token at = token_;
  auto ref = take_single_field("write");
  if (!ref) return false;
  const FieldType type = field(ref->id).type;
  if (type != FieldType::kDuration && type != FieldType::kCount)
    return fail(at, "a histogram is of durations and counts: rtt, bytes …",
                fields_for(kSum, kinds_));
  query_.histogram = std::move(*ref);
  query_.aggregates.push_back({.op = kCount, .name = "count"});
  return parse_by() && parse_every();
}

}  // namespace netprobe
