// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <vector>

#include "model/snapshot.h"
#include "query/evaluate.h"

namespace netprobe {

/// What a snapshot has of one kind, as the records that history would hold of
/// it: each flow with all that it had so far, each record of drops, connections
/// that ended a short while ago. Alerts are not in a snapshot. Refers to it.
class LiveRecords {
 public:
  LiveRecords(const Snapshot& snapshot, RecordKind kind);
  [[nodiscard]] const std::vector<RecordRef>& refs() const { return refs_; }

 private:
  void add(RecordKind kind, const RecordBase& record, const Snapshot& snapshot) {
    refs_.push_back({kind, &record, snapshot.node_name});
  }
  std::deque<FlowRecord> flows_;  // deques: what refs_ points to stays where it is
  std::deque<DropEvent> drops_;
  std::deque<ConnectionEvent> connections_;
  std::vector<RecordRef> refs_;
};

}  // namespace netprobe
