// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "query/getters.h"
#include "query/query.h"

namespace netprobe {

/// Groups records in memory, for evaluate(): a query's keys and aggregates. All
/// that is grouped is kept, so callers bound the records.
class Groups {
 public:
  explicit Groups(const Query& query);
  ~Groups();
  Groups(const Groups&) = delete;
  Groups& operator=(const Groups&) = delete;

  /// Bounds on what is kept.
  struct Room {
    std::size_t groups = SIZE_MAX;
    std::size_t values = SIZE_MAX;  ///< of quantiles and of distinct
  };
  /// A record for which the filter holds. False: there is no room for it, and it is
  /// in no group.
  bool add(const Row& row, const Room& room);
  void add(const Row& row) { (void)add(row, {}); }
  [[nodiscard]] std::size_t size() const { return groups_.size(); }
  /// In the query's order, all of them.
  [[nodiscard]] std::vector<std::vector<Value>> rows() const;

 private:
  struct Sum;
  struct Group;
  struct Measure {
    const Aggregate* aggregate = nullptr;
    Getter getter;
    bool is_signed = false;
  };

  [[nodiscard]] std::vector<Raw> keys_of(const Row& row) const;
  [[nodiscard]] Value result(const Measure& measure, const Sum& sum) const;

  const Query& query_;
  std::vector<Getter> by_;
  Getter time_;
  Getter histogram_;
  std::vector<Measure> measures_;
  std::size_t values_ = 0;  ///< kept in sums
  std::map<std::vector<Raw>, std::unique_ptr<Group>> groups_;
};

}  // namespace netprobe
