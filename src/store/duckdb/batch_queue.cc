// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/batch_queue.h"

#include <algorithm>
#include <utility>

namespace netprobe::duck {

std::uint64_t memory_of(const HistoryBatch& batch) {
  std::uint64_t bytes = sizeof batch + batch.flows.capacity() * sizeof(FlowRecord) +
                        batch.drops.capacity() * sizeof(DropEvent) +
                        batch.connections.capacity() * sizeof(ConnectionEvent) +
                        batch.alerts.capacity() * sizeof(AlertEvent);
  for (const AlertEvent& alert : batch.alerts)
    bytes += alert.summary.capacity() + alert.evidence.capacity();
  for (const DropEvent& drop : batch.drops) bytes += drop.location.capacity();
  return bytes;
}

bool BatchQueue::push(HistoryBatchPtr batch) {
  const std::uint64_t bytes = memory_of(*batch);
  // One that is too large for any room is taken where nothing else waits.
  if (bytes_ + bytes > most_bytes_ && !batches_.empty()) return false;
  bytes_ += bytes;
  rows_ += batch->size();
  batches_.push_back(std::move(batch));
  return true;
}

std::vector<HistoryBatchPtr> BatchQueue::front(std::size_t rows) const {
  std::vector<HistoryBatchPtr> result;
  std::size_t sum = 0;
  for (const HistoryBatchPtr& batch : batches_) {
    if (sum >= rows) break;
    sum += batch->size();
    result.push_back(batch);
  }
  return result;
}

void BatchQueue::pop(std::size_t batches) {
  for (std::size_t i = 0; i < batches; ++i) {
    const HistoryBatch& batch = *batches_.front();
    bytes_ -= std::min(bytes_, memory_of(batch));
    rows_ -= batch.size();
    ++done_;
    batches_.pop_front();
  }
}

}  // namespace netprobe::duck
