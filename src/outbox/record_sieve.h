// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "model/history.h"
#include "outbox/export_target.h"
#include "query/evaluate.h"

namespace netprobe {

/// The kinds in the order in which an outbox takes them: what is rare and tells most
/// goes first, so that flows are the first for which there is no room.
inline constexpr std::array<RecordKind, kRecordKinds> kOutboxOrder{
    RecordKind::kAlert, RecordKind::kDrop, RecordKind::kConnection, RecordKind::kFlow};

/// Which records a target wants. Immutable; any thread.
class RecordSieve {
 public:
  explicit RecordSieve(const ExportTarget& target);

  [[nodiscard]] bool wants(RecordKind kind) const {
    return wanted_.at(static_cast<std::size_t>(kind));
  }
  /// Of a kind that it wants.
  [[nodiscard]] bool wants(const RecordRef& record) const {
    const auto& matcher = matchers_.at(static_cast<std::size_t>(record.kind));
    return !matcher || matcher->matches(record);
  }
  /// Every record of the kinds that it wants.
  [[nodiscard]] bool wants_all() const { return all_; }

 private:
  std::array<bool, kRecordKinds> wanted_{};
  std::array<std::optional<RecordMatcher>, kRecordKinds> matchers_;
  bool all_ = true;
};

/// Calls `each(kind, list)` with each of a batch's lists, in kOutboxOrder.
template <typename Each>
void for_each_list(const HistoryBatch& batch, const Each& each) {
  each(RecordKind::kAlert, batch.alerts);
  each(RecordKind::kDrop, batch.drops);
  each(RecordKind::kConnection, batch.connections);
  each(RecordKind::kFlow, batch.flows);
}

}  // namespace netprobe
