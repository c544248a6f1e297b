// SPDX-License-Identifier: Apache-2.0
#pragma once

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

  /// A record for which the filter holds.
  void add(const Row& row);
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
  std::map<std::vector<Raw>, std::unique_ptr<Group>> groups_;
};

}  // namespace netprobe
