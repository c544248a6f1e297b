// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <vector>

#include "query/evaluate.h"
#include "query/getters.h"
#include "query/lower.h"
#include "query/text_test.h"

namespace netprobe {
namespace {

/// A comparison that is ready to be asked: no allocation, no look-up of fields.
class ReadyTest {
 public:
  ReadyTest(const Expr::Compare& compare, RecordSource source)
      : test_(lower(compare)), text_(test_), getter_(getter_for(compare.field.id, source)) {}

  [[nodiscard]] bool holds(const Row& row) const {
    switch (test_.kind) {
      case Test::Kind::kNumbers:
        return in_ranges(test_.numbers, getter_.number(row));
      case Test::Kind::kFlags:
        return (getter_.number(row) & test_.flags) == test_.flags;
      case Test::Kind::kAddresses:
        return in_ranges(test_.addresses, getter_.address(row));
      default:
        break;
    }
    if (getter_.text != nullptr) return text_.holds(getter_.text(row));
    thread_local std::string scratch;
    return text_.holds(label_of(getter_.identity(row), test_.field.label, scratch));
  }

 private:
  template <typename Range, typename Number>
  static bool in_ranges(const std::vector<Range>& ranges, const Number& number) {
    if (ranges.size() == 1) return ranges[0].low <= number && number <= ranges[0].high;
    const auto after = std::ranges::upper_bound(ranges, number, {}, &Range::low);
    return after != ranges.begin() && number <= std::prev(after)->high;
  }

  Test test_;
  TextTest text_;
  Getter getter_;
};

/// A condition made ready for one source. Parts stand in one array, children of
/// one part beside each other.
class Program {
 public:
  Program(const ExprPtr& filter, RecordSource source) : source_(source) {
    if (filter == nullptr) return;
    parts_.emplace_back();
    fill(0, *filter);
  }

  [[nodiscard]] bool holds(const Row& row) const { return parts_.empty() || holds(0, row); }

 private:
  enum class Op : std::uint8_t { kTest, kAnd, kOr, kNot };
  struct Part {
    Op op = Op::kTest;
    std::uint32_t first = 0;  ///< of its children, or of the tests
    std::uint32_t count = 0;
  };

  void fill(std::size_t at, const Expr& expr) {
    if (const auto* compare = std::get_if<Expr::Compare>(&expr.node)) {
      parts_[at] = {Op::kTest, static_cast<std::uint32_t>(tests_.size()), 1};
      tests_.emplace_back(*compare, source_);
    } else if (const auto* conjunction = std::get_if<Expr::And>(&expr.node)) {
      fill_list(at, Op::kAnd, conjunction->all);
    } else if (const auto* disjunction = std::get_if<Expr::Or>(&expr.node)) {
      fill_list(at, Op::kOr, disjunction->any);
    } else {
      fill_list(at, Op::kNot, {std::get<Expr::Not>(expr.node).what});
    }
  }

  void fill_list(std::size_t at, Op op, const std::vector<ExprPtr>& children) {
    const std::size_t first = parts_.size();
    parts_[at] = {op, static_cast<std::uint32_t>(first),
                  static_cast<std::uint32_t>(children.size())};
    parts_.resize(first + children.size());
    for (std::size_t i = 0; i < children.size(); ++i) fill(first + i, *children[i]);
  }

  [[nodiscard]] bool holds(std::size_t at, const Row& row) const {
    const Part& part = parts_[at];
    const auto last = part.first + part.count;
    switch (part.op) {
      case Op::kTest:
        return tests_[part.first].holds(row);
      case Op::kNot:
        return !holds(part.first, row);
      case Op::kAnd:
        for (auto i = part.first; i < last; ++i)
          if (!holds(i, row)) return false;
        return true;
      case Op::kOr:
        for (auto i = part.first; i < last; ++i)
          if (holds(i, row)) return true;
        return false;
    }
    return false;
  }

  RecordSource source_;
  std::vector<Part> parts_;  ///< the root first; empty: everything holds
  std::vector<ReadyTest> tests_;
};

}  // namespace

class RecordMatcher::Impl {
 public:
  explicit Impl(const Query& query)
      : kind_(query.kind),
        since_(query.since.value_or(INT64_MIN)),
        until_(query.until),
        records_(query.filter, source_of(query.kind)) {
    if (kind_ == RecordKind::kFlow) live_.emplace(query.filter, RecordSource::kLive);
  }

  [[nodiscard]] bool matches(const RecordRef& record) const {
    if (record.kind != kind_) return false;
    const Micros time = record.record->time;
    if (time < since_ || (until_ && time >= *until_)) return false;
    return records_.holds(row_of(record));
  }

  [[nodiscard]] bool matches(const Flow& flow, std::string_view node) const {
    return live_ && live_->holds(row_of(flow, node));
  }

 private:
  RecordKind kind_;
  Micros since_;
  std::optional<Micros> until_;
  Program records_;
  std::optional<Program> live_;
};

RecordMatcher::RecordMatcher(const Query& query) : impl_(std::make_unique<const Impl>(query)) {}
RecordMatcher::~RecordMatcher() = default;
RecordMatcher::RecordMatcher(RecordMatcher&&) noexcept = default;
RecordMatcher& RecordMatcher::operator=(RecordMatcher&&) noexcept = default;

bool RecordMatcher::matches(const RecordRef& record) const { return impl_->matches(record); }

bool RecordMatcher::matches(const Flow& flow, std::string_view node) const {
  return impl_->matches(flow, node);
}

}  // namespace netprobe
