// SPDX-License-Identifier: Apache-2.0
#include "random_queries.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "query/column.h"
#include "query/sql.h"

namespace netprobe::test {
namespace {

constexpr std::array kOps{CompareOp::kEqual,     CompareOp::kIn,      CompareOp::kLess,
                          CompareOp::kLessEqual, CompareOp::kGreater, CompareOp::kGreaterEqual,
                          CompareOp::kGlob,      CompareOp::kMatch};
constexpr std::array kAggregates{AggregateOp::kCount,    AggregateOp::kSum,  AggregateOp::kMin,
                                 AggregateOp::kMax,      AggregateOp::kAvg,  AggregateOp::kQuantile,
                                 AggregateOp::kDistinct, AggregateOp::kRate, AggregateOp::kPeak};
constexpr std::array kShares{0.5, 0.9, 0.95, 0.99, 0.999, 1.0, 0.07, 0.25, 0.0001};
constexpr Micros kMinute = 60'000'000;
constexpr Micros kHour = 60 * kMinute;

ExprPtr make(auto node) { return std::make_shared<const Expr>(Expr{std::move(node)}); }

bool is_text(const Field& field) { return class_of(field.type) == ValueClass::kText; }
bool is_number(const Field& field) {
  const ValueClass value = class_of(field.type);
  return value == ValueClass::kSigned || value == ValueClass::kUnsigned;
}
bool is_summed(const Field& field) {
  return field.type == FieldType::kCount || field.type == FieldType::kDuration;
}

bool takes(const Field& field, AggregateOp op) {
  switch (op) {
    case AggregateOp::kCount:
    case AggregateOp::kDistinct:
    case AggregateOp::kMin:
    case AggregateOp::kMax:
      return true;
    case AggregateOp::kQuantile:
      return is_number(field);
    default:
      return is_summed(field);
  }
}

}  // namespace

QueryMaker::QueryMaker(std::uint32_t seed, const RandomRecords& records)
    : random_(seed), records_(records) {}

FieldRef QueryMaker::ref_of(const Field& field) {
  if (field.type != FieldType::kLabel) return {field.id, {}};
  const auto& keys = RandomRecords::label_keys();
  return {field.id, one_in(8) ? "no-such-label" : keys[below(keys.size())]};
}

FieldRef QueryMaker::any_field(RecordKind kind, bool rollup_keys) {
  for (;;) {
    const Field& field = fields()[below(fields().size())];
    if (!field.of(kind)) continue;
    if (rollup_keys && rollup_use(field.id) != RollupUse::kKey) continue;
    return ref_of(field);
  }
}

/// That value, or one beside it.
QueryMaker::Literal QueryMaker::near(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return one_in(8) ? Value(static_cast<double>(*number) + 0.5)
                     : Value(*number + static_cast<std::int64_t>(below(3)) - 1);
  if (const auto* number = std::get_if<std::uint64_t>(&value))
    return one_in(8) ? Value(static_cast<double>(*number) + 0.5) : Value(*number + below(2));
  if (const auto* address = std::get_if<IpAddress>(&value)) {
    if (one_in(3))
      return IpPrefix::of(*address, static_cast<int>(below(address->is_v4() ? 33 : 129)));
  }
  return value;
}

QueryMaker::Literal QueryMaker::literal_of(RecordKind kind, const FieldRef& ref) {
  if (one_in(12)) return Value{};
  const auto& all = records_.of(kind);
  Value value;
  for (int tries = 0; tries < 8 && std::holds_alternative<std::monostate>(value); ++tries)
    value = value_of(ref, all[below(all.size())]);
  const Field& of = field(ref.id);
  if (is_text(of) && (one_in(6) || std::holds_alternative<std::monostate>(value))) {
    const auto& names = RandomRecords::names();
    return one_in(10) ? Value("not \xff\xfe UTF-8") : Value(names[below(names.size())]);
  }
  return near(value);
}

bool QueryMaker::takes(const Field& field, CompareOp op) const {
  switch (op) {
    case CompareOp::kEqual:
    case CompareOp::kIn:
      return true;
    case CompareOp::kGlob:
      return is_text(field);
    case CompareOp::kMatch:
      return is_text(field) || field.type == FieldType::kFlags;
    default:
      return field.type != FieldType::kBool;
  }
}

std::string QueryMaker::pattern_like(const std::string& text) {
  const std::string part = text.substr(0, below(text.size() + 1));
  const std::string quoted =
      re2::RE2(part, re2::RE2::Quiet).ok() && one_in(2) ? part : re2::RE2::QuoteMeta(part);
  static constexpr std::array<std::string_view, 12> kForms{
      "{}",        "^{}",    "{}$",   "(?i){}", "(?i)^{}$", "{}|db",
      "^({}|web)", "[^a-z]", "\\d+$", "^.{3}$", "w.b-?",    "\\Qit's"};
  std::string pattern(kForms.at(below(kForms.size())));
  if (const auto at = pattern.find("{}"); at != std::string::npos) pattern.replace(at, 2, quoted);
  return re2::RE2(pattern, re2::RE2::Quiet).ok() ? pattern : ".";
}

std::string QueryMaker::glob_like(const std::string& text) {
  std::string glob = text;
  switch (below(7)) {
    case 0:
      return glob.substr(0, below(glob.size() + 1)) + "*";
    case 1:
      return "*" + glob.substr(below(glob.size() + 1));
    case 2:
      return "*" + glob.substr(0, below(3)) + "*";
    case 3:
      return "web-?";
    case 4:
      return "[a-x]*";
    case 5:
      return "*[!0-9]";
    default:
      if (!glob.empty()) glob[below(glob.size())] = one_in(2) ? '?' : '*';
      return glob;
  }
}

Expr::Compare QueryMaker::compare(RecordKind kind, const FieldRef& ref, CompareOp op) {
  Expr::Compare result{.field = ref, .op = op};
  const std::size_t values = op == CompareOp::kIn ? 1 + below(5) : 1;
  for (std::size_t i = 0; i < values; ++i) {
    Literal literal = literal_of(kind, ref);
    if (const auto* value = std::get_if<Value>(&literal)) {
      if (op == CompareOp::kGlob || (op == CompareOp::kMatch && is_text(field(ref.id)))) {
        const auto* text = std::get_if<std::string>(value);
        const std::string like = text != nullptr ? *text : "web-1";
        literal = Value(op == CompareOp::kGlob ? glob_like(like) : pattern_like(like));
      }
    }
    result.values.push_back(std::move(literal));
  }
  return result;
}

ExprPtr QueryMaker::any_filter(RecordKind kind, int depth, bool rollup_keys) {
  if (depth > 0 && !one_in(3)) {
    std::vector<ExprPtr> parts;
    for (std::size_t i = 0, count = 1 + below(3); i < count; ++i)
      parts.push_back(any_filter(kind, depth - 1, rollup_keys));
    if (one_in(3)) return make(Expr::Not{parts.front()});
    if (one_in(2)) return make(Expr::And{std::move(parts)});
    return make(Expr::Or{std::move(parts)});
  }
  const FieldRef ref = any_field(kind, rollup_keys);
  for (;;) {
    const CompareOp op = kOps.at(below(kOps.size()));
    if (takes(field(ref.id), op)) return make(compare(kind, ref, op));
  }
}

Aggregate QueryMaker::aggregate(AggregateOp op, const FieldRef& ref) {
  static std::uint64_t number = 0;
  return {.op = op,
          .field = ref,
          .quantile = op == AggregateOp::kQuantile ? kShares.at(below(kShares.size())) : 0,
          .name = "a" + std::to_string(number++)};
}

void QueryMaker::add_range(Query& query, Micros bucket) {
  const Micros step = bucket > 0 ? bucket : 1 + static_cast<Micros>(below(kMinute));
  const auto some_time = [&](Micros from, Micros length) {
    const Micros time = from + static_cast<Micros>(below(static_cast<std::uint64_t>(length)));
    return time - time % step;
  };
  const Micros half = (RandomRecords::kUntil - RandomRecords::kSince) / 2;
  const bool needed = needs_range(query);
  if (needed || one_in(2)) query.since = some_time(RandomRecords::kSince, half);
  if (needed || one_in(2)) query.until = some_time(RandomRecords::kSince + half + step, half);
}

void QueryMaker::add_order(Query& query) {
  const auto columns = answer_columns(query);
  for (std::size_t i = 0, count = below(3); i < count; ++i) {
    // Records also by what is not shown.
    query.order.push_back({query.is_aggregate() || one_in(2)
                               ? columns[below(columns.size())].name
                               : field_name(any_field(query.kind, false)),
                           one_in(2)});
  }
}

std::vector<Query> QueryMaker::every_use(RecordKind kind, bool all_negated) {
  std::vector<Query> queries;
  const auto add = [&](Query query) {
    query.kind = kind;
    queries.push_back(std::move(query));
  };
  for (const Field& field : fields()) {
    if (!field.of(kind)) continue;
    const FieldRef ref = ref_of(field);
    for (const CompareOp op : kOps) {
      if (!takes(field, op)) continue;
      const auto condition = make(compare(kind, ref, op));
      add({.filter = condition, .limit = 50});
      if (all_negated || one_in(4)) add({.filter = make(Expr::Not{condition}), .limit = 50});
    }
    const Expr::Compare none{.field = ref, .op = CompareOp::kEqual, .values = {Value{}}};
    add({.filter = make(none), .aggregates = {aggregate(AggregateOp::kCount, {})}});
    add({.select = {ref}, .order = {{field_name(ref), one_in(2)}}, .limit = 100});
    add({.aggregates = {aggregate(AggregateOp::kCount, {})}, .by = {ref}});
    Query all{.since = RandomRecords::kSince, .until = RandomRecords::kUntil};
    for (const AggregateOp op : kAggregates)
      if (test::takes(field, op)) all.aggregates.push_back(aggregate(op, ref));
    add(all);
    all.by = {any_field(kind, false)};
    all.every = 15 * kMinute;
    add(all);
    if (is_number(field) && field.type != FieldType::kTime) {
      Query histogram{.aggregates = {aggregate(AggregateOp::kCount, {})}};
      histogram.histogram = ref;
      add(histogram);
    }
  }
  return queries;
}

Query QueryMaker::any() {
  Query query{.kind = static_cast<RecordKind>(below(kRecordKinds))};
  if (!one_in(5)) query.filter = any_filter(query.kind, static_cast<int>(below(4)), false);
  if (one_in(3)) {
    for (std::size_t i = 0, count = below(4); i < count; ++i)
      query.select.push_back(any_field(query.kind, false));
    if (one_in(3)) add_order(query);
    query.limit = 1 + below(200);
    add_range(query, 0);
    return query;
  }
  for (std::size_t i = 0, count = below(4); i < count; ++i) {
    const FieldRef ref = any_field(query.kind, false);
    const AggregateOp op = kAggregates.at(below(kAggregates.size()));
    if (test::takes(field(ref.id), op)) query.aggregates.push_back(aggregate(op, ref));
  }
  for (std::size_t i = 0, count = below(4); i < count; ++i)
    query.by.push_back(any_field(query.kind, false));
  if (one_in(4)) query.every = kMinute * static_cast<Micros>(1 + below(90));
  if (!query.is_aggregate()) query.by.push_back(any_field(query.kind, false));
  if (one_in(6) && !query.by.empty())
    query.new_since = RandomRecords::kSince + static_cast<Micros>(below(3 * kHour));
  add_order(query);
  if (one_in(2)) query.limit = 1 + below(50);
  add_range(query, 0);
  return query;
}

Query QueryMaker::any_of_rollups(Tier tier) {
  const Micros bucket = tier == Tier::kHour ? kHour : kMinute;
  for (;;) {
    Query query;
    if (one_in(2)) query.filter = any_filter(query.kind, static_cast<int>(below(3)), true);
    for (std::size_t i = 0, count = 1 + below(4); i < count; ++i) {
      const FieldRef ref = any_field(query.kind, false);
      query.aggregates.push_back(aggregate(kAggregates.at(below(kAggregates.size())), ref));
    }
    for (std::size_t i = 0, count = below(4); i < count; ++i)
      query.by.push_back(any_field(query.kind, true));
    if (one_in(3)) query.every = bucket * static_cast<Micros>(1 + below(3));
    std::erase_if(query.aggregates, [tier](const Aggregate& each) {
      Query alone;
      alone.aggregates = {each};
      return !can_answer(alone, tier) || !test::takes(field(each.field.id), each.op);
    });
    if (!query.is_aggregate()) continue;
    add_order(query);
    add_range(query, bucket);
    return query;
  }
}

}  // namespace netprobe::test
