// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "query/evaluate.h"

namespace netprobe {

/// What became of records that were sent together.
struct SendOutcome {
  /// Positions of those to be sent again: the receiver was not there, or asked to
  /// come later. Empty: all are settled.
  std::vector<std::uint32_t> again;
  std::uint64_t rejected = 0;  ///< the receiver will never take them: counted as lost
  std::uint64_t bytes = 0;     ///< that went out
  Nanos wait = 0;              ///< the receiver asked for so long; 0: the outbox decides
  std::string problem;         ///< one sentence, of the first thing that went wrong; empty: none

  [[nodiscard]] static SendOutcome retry_all(std::size_t records, std::string problem,
                                             Nanos wait = 0);
};

/// Asks for the memory of a record that will be written soon: it was made long before, and
/// to wait for it is as much work as to write it. Nothing happens where there is none.
inline void prefetch(std::span<const RecordRef> records, std::size_t place) {
  constexpr std::size_t kAhead = 6;
  constexpr std::size_t kLine = 64;
  if (place + kAhead >= records.size()) return;
  const RecordRef& record = records[place + kAhead];
  const auto* at = reinterpret_cast<const char*>(record.record);
  for (std::size_t i = 0; i < sizeof(FlowRecord); i += kLine) __builtin_prefetch(at + i);
}

/// The end of an exporter that knows its receiver's protocol: encodes records and
/// sends them. Used by one thread, its outbox's, which may be held up by it: every
/// wait in here is bounded by the exporter's timeout, and ended by stop().
class RecordSender {
 public:
  virtual ~RecordSender() = default;
  /// Returns when the receiver has said what it took, or the timeout is over. A
  /// record that is neither in `again` nor rejected was taken.
  [[nodiscard]] virtual SendOutcome send(std::span<const RecordRef> records) = 0;
  /// Nothing was sent for a while: templates, keep-alives, rotation.
  virtual void idle() {}
  /// Any thread: ends a send() that waits.
  virtual void stop() {}
};

}  // namespace netprobe
