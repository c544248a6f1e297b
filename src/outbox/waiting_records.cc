// SPDX-License-Identifier: Apache-2.0
#include "outbox/waiting_records.h"

#include <algorithm>
#include <string>
#include <utility>

#include "outbox/record_sieve.h"

namespace netprobe {
namespace {

/// What a text has outside of its object.
std::size_t outside(const std::string& text) {
  constexpr std::size_t kInside = 15;
  return text.capacity() > kInside ? text.capacity() + 1 : 0;
}

template <typename Record>
std::size_t base_bytes(const Record& record) {
  return sizeof(Record) + sizeof(WaitingRecords::Entry) + outside(record.interface);
}

}  // namespace

std::size_t estimated_bytes(const FlowRecord& record) { return base_bytes(record); }

std::size_t estimated_bytes(const DropEvent& record) {
  return base_bytes(record) + outside(record.reason) + outside(record.hook) +
         outside(record.location);
}

std::size_t estimated_bytes(const ConnectionEvent& record) {
  return base_bytes(record) + outside(record.error);
}

std::size_t estimated_bytes(const AlertEvent& record) {
  std::size_t bytes = base_bytes(record);
  for (const auto* text :
       {&record.id, &record.kind, &record.severity, &record.technique, &record.summary,
        &record.evidence, &record.key, &record.source_text, &record.target_text})
    bytes += outside(*text);
  return bytes;
}

HistoryBatchPtr copy_records(const HistoryBatch& batch, std::span<const RecordRef> records,
                             std::vector<RecordRef>& refs) {
  auto copy = std::make_shared<HistoryBatch>();
  copy->node = batch.node;
  for (const RecordRef& record : records) {
    switch (record.kind) {
      case RecordKind::kFlow:
        copy->flows.push_back(*static_cast<const FlowRecord*>(record.record));
        break;
      case RecordKind::kDrop:
        copy->drops.push_back(*static_cast<const DropEvent*>(record.record));
        break;
      case RecordKind::kConnection:
        copy->connections.push_back(*static_cast<const ConnectionEvent*>(record.record));
        break;
      case RecordKind::kAlert:
        copy->alerts.push_back(*static_cast<const AlertEvent*>(record.record));
        break;
    }
  }
  for_each_list(*copy, [&](RecordKind kind, const auto& list) {
    for (const auto& record : list) refs.push_back({kind, &record, copy->node});
  });
  return copy;
}

std::size_t estimated_bytes(const RecordRef& record) {
  switch (record.kind) {
    case RecordKind::kFlow:
      return estimated_bytes(*static_cast<const FlowRecord*>(record.record));
    case RecordKind::kDrop:
      return estimated_bytes(*static_cast<const DropEvent*>(record.record));
    case RecordKind::kConnection:
      return estimated_bytes(*static_cast<const ConnectionEvent*>(record.record));
    case RecordKind::kAlert:
      return estimated_bytes(*static_cast<const AlertEvent*>(record.record));
  }
  return 0;
}

std::span<const RecordRef> WaitingRecords::take(std::size_t most) {
  const std::size_t count = std::min(most, entries_.size());
  taken_.clear();
  refs_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    refs_.push_back(entries_.front().record);
    taken_.push_back(std::move(entries_.front()));
    entries_.pop_front();
  }
  return refs_;
}

WaitingRecords::Settled WaitingRecords::settle(std::span<const std::uint32_t> again) {
  std::vector<bool> back(taken_.size());
  for (const std::uint32_t position : again)
    if (position < back.size()) back[position] = true;
  Settled settled;
  for (std::size_t i = taken_.size(); i-- > 0;) {
    if (back[i]) {
      entries_.push_front(std::move(taken_[i]));
    } else {
      ++settled.records;
      settled.bytes += taken_[i].bytes;
    }
  }
  taken_.clear();
  refs_.clear();
  return settled;
}

WaitingRecords::Settled WaitingRecords::clear() {
  Settled settled{entries_.size(), 0};
  for (const Entry& entry : entries_) settled.bytes += entry.bytes;
  entries_.clear();
  return settled;
}

}  // namespace netprobe
