// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "query/history_store.h"
#include "query/part_plan.h"
#include "query/sql.h"

namespace netprobe {

/// Puts pages of records of several stores together to one page: the first records
/// of all in the one order. Holds no more than a page, and what stands before it.
class RecordMerge {
 public:
  /// `plan` outlives it. `wanted`: rows of the page; `skip`: of the page before, at
  /// its last moment.
  RecordMerge(const RecordPlan& plan, std::size_t wanted, std::size_t skip);

  void add(QueryAnswer part);
  /// Rows of the part's columns: the page's, and one more where there is more. Fewer
  /// with `cut` where a store held back what may stand before others' records.
  [[nodiscard]] std::vector<std::vector<Value>> take();
  [[nodiscard]] bool cut() const { return cut_; }

 private:
  using Row = std::vector<Value>;
  [[nodiscard]] bool before(const Row& a, const Row& b) const;

  const RecordPlan& plan_;
  std::size_t most_;
  std::size_t skip_;
  std::vector<Row> rows_;
  std::optional<Row> known_to_;  ///< behind it some store has more that is not here
  bool nothing_known_ = false;   ///< a store has some and sent none
  bool cut_ = false;
};

}  // namespace netprobe
