// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "model/history.h"
#include "query/evaluate.h"

namespace netprobe {

/// Memory that a record takes while it waits, estimated: itself and its texts, not
/// what it shares with others.
[[nodiscard]] std::size_t estimated_bytes(const FlowRecord& record);
[[nodiscard]] std::size_t estimated_bytes(const DropEvent& record);
[[nodiscard]] std::size_t estimated_bytes(const ConnectionEvent& record);
[[nodiscard]] std::size_t estimated_bytes(const AlertEvent& record);
[[nodiscard]] std::size_t estimated_bytes(const RecordRef& record);

/// Some records of a batch alone, so that the whole of it need not be kept for them;
/// `refs` are those of the copy.
[[nodiscard]] HistoryBatchPtr copy_records(const HistoryBatch& batch,
                                           std::span<const RecordRef> records,
                                           std::vector<RecordRef>& refs);

/// Records in the order in which they go out. Those that are to be sent again come
/// before all others, in their order. Not thread-safe: the outbox's thread has it.
class WaitingRecords {
 public:
  struct Entry {
    RecordRef record;
    HistoryBatchPtr owner;  ///< of the record
    std::size_t bytes = 0;  ///< estimated
    Nanos since = 0;        ///< monotonic
  };

  void push(Entry entry) { entries_.push_back(std::move(entry)); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// When the one that goes next came; there is one.
  [[nodiscard]] Nanos oldest() const { return entries_.front().since; }

  /// Some from the front; valid until settle().
  [[nodiscard]] std::span<const RecordRef> take(std::size_t most);
  struct Settled {
    std::uint64_t records = 0;
    std::size_t bytes = 0;
  };
  /// What was taken is done with, but for those at these positions, which come back.
  Settled settle(std::span<const std::uint32_t> again);
  /// All that wait are done with.
  Settled clear();

 private:
  std::deque<Entry> entries_;
  std::vector<Entry> taken_;
  std::vector<RecordRef> refs_;
};

}  // namespace netprobe
