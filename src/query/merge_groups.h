// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "query/getters.h"
#include "query/history_store.h"
#include "query/part_plan.h"

namespace netprobe {

/// Sums up the parts of a query that groups (part_plan.h).
class GroupMerge {
 public:
  /// `query` and `plan` outlive it.
  GroupMerge(const Query& query, const GroupPlan& plan);
  ~GroupMerge();
  GroupMerge(const GroupMerge&) = delete;
  GroupMerge& operator=(const GroupMerge&) = delete;

  void add(const QueryAnswer& part);
  /// In the query's order. `seconds`: what rates are divided by; `new_since`: of
  /// `new`, as the tiers that answered have it.
  [[nodiscard]] std::expected<std::vector<std::vector<Value>>, QueryFailure> rows(
      double seconds, std::optional<Micros> new_since) const;

 private:
  struct Sum;
  struct Group;

  void add_row(const std::vector<Value>& row);
  void add_value(std::size_t aggregate, const std::vector<Value>& row, Micros time, Sum& sum);
  [[nodiscard]] std::vector<Raw> keys_of(const std::vector<Value>& row, Micros time) const;
  [[nodiscard]] Value result(const Aggregate& aggregate, const Sum& sum, double seconds) const;

  const Query& query_;
  const GroupPlan& plan_;
  std::map<std::vector<Raw>, std::unique_ptr<Group>> groups_;
  std::size_t held_ = 0;  ///< groups, values and minutes: what takes memory
  std::string problem_;   ///< why there can be no answer; empty: none
};

}  // namespace netprobe
