// SPDX-License-Identifier: Apache-2.0
#include "query/merge_records.h"

#include <algorithm>
#include <iterator>

#include "query/getters.h"

namespace netprobe {
namespace {

/// Negative, 0 or positive, in the order of records: none is where what stands for
/// it is.
int compare_kept(const Value& a, const Value& b, FieldId id) {
  if (a.index() == b.index()) return a < b ? -1 : b < a ? 1 : 0;
  const Raw x = raw_from(a, id);
  const Raw y = raw_from(b, id);
  return x < y ? -1 : y < x ? 1 : 0;
}

}  // namespace

RecordMerge::RecordMerge(const RecordPlan& plan, std::size_t wanted, std::size_t skip)
    : plan_(plan), most_(wanted + skip + 1), skip_(skip) {}

bool RecordMerge::before(const Row& a, const Row& b) const {
  for (const RecordPlan::Order& by : plan_.order) {
    const int way = compare_kept(a[by.column], b[by.column], by.field);
    if (way != 0) return by.descending ? way > 0 : way < 0;
  }
  return false;
}

void RecordMerge::add(QueryAnswer part) {
  const auto order = [this](const Row& a, const Row& b) { return before(a, b); };
  if (!std::ranges::is_sorted(part.rows, order)) std::ranges::sort(part.rows, order);
  if (part.truncated) {
    if (part.rows.empty())
      nothing_known_ = true;
    else if (!known_to_ || before(part.rows.back(), *known_to_))
      known_to_ = part.rows.back();
  }
  std::vector<Row> merged;
  merged.reserve(std::min(most_, rows_.size() + part.rows.size()));
  auto mine = rows_.begin();
  auto theirs = part.rows.begin();
  while (merged.size() < most_ && (mine != rows_.end() || theirs != part.rows.end())) {
    const bool take_mine =
        theirs == part.rows.end() || (mine != rows_.end() && !before(*theirs, *mine));
    merged.push_back(std::move(take_mine ? *mine++ : *theirs++));
  }
  rows_ = std::move(merged);
}

std::vector<std::vector<Value>> RecordMerge::take() {
  if (nothing_known_) {
    cut_ = true;
    return {};
  }
  if (known_to_) {
    const auto behind =
        std::ranges::find_if(rows_, [this](const Row& row) { return before(*known_to_, row); });
    // What was cut off at the page's end in any case is no loss.
    cut_ = static_cast<std::size_t>(behind - rows_.begin()) < most_;
    rows_.erase(behind, rows_.end());
  }
  rows_.erase(rows_.begin(),
              rows_.begin() + static_cast<std::ptrdiff_t>(std::min(skip_, rows_.size())));
  return std::move(rows_);
}

}  // namespace netprobe
