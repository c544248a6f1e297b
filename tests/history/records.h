// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "model/history.h"
#include "query/evaluate.h"

namespace netprobe::test {

/// Made-up records of every kind, alike in many ways: few times, names and
/// addresses, much that is not known, names that break statements which are put
/// together carelessly. No two have the same place in the order of records.
class RandomRecords {
 public:
  RandomRecords(std::uint32_t seed, std::size_t of_each_kind);

  [[nodiscard]] const std::vector<HistoryBatchPtr>& batches() const { return batches_; }
  [[nodiscard]] const std::vector<RecordRef>& of(RecordKind kind) const {
    return refs_.at(static_cast<std::size_t>(kind));
  }

  /// Times of records: from `kSince` on, before `kUntil`; whole hours.
  static constexpr Micros kSince = 1'764'000'000LL * 1'000'000;
  static constexpr Micros kUntil = kSince + 4LL * 3600 * 1'000'000;
  /// Names that records have, and some that none has.
  [[nodiscard]] static const std::vector<std::string>& names();
  [[nodiscard]] static const std::vector<std::string>& label_keys();

 private:
  void make_parts();
  void fill_base(RecordBase& record);
  void fill(FlowRecord& record);
  void fill(DropEvent& record);
  void fill(ConnectionEvent& record);
  void fill(AlertEvent& record);

  std::uint64_t below(std::uint64_t most) { return random_() % most; }
  bool rarely() { return below(4) == 0; }
  Micros some_duration();
  std::uint64_t some_count();
  template <typename T>
  const T& one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }

  std::mt19937_64 random_;
  std::vector<IdentityPtr> identities_;
  std::vector<ProcessPtr> processes_;
  std::vector<IpAddress> addresses_;
  std::uint64_t next_id_ = 1;
  std::vector<HistoryBatchPtr> batches_;
  std::vector<std::vector<RecordRef>> refs_;
};

}  // namespace netprobe::test
