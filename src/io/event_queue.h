// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/mutex.h"
#include "io/http_message.h"

namespace netprobe {

/// What one client of a stream has still to be sent. Bounded: when it is full
/// new events are lost, counted, and the client is told at the very place in
/// its stream where they are missing. Thread-safe; one taker.
class EventQueue {
 public:
  EventQueue(std::size_t max_events, std::size_t max_bytes)
      : max_events_(max_events), max_bytes_(max_bytes) {}

  enum class Pushed {
    kQueued,  ///< the taker is at work and will come to it
    kWake,    ///< queued, and the taker sleeps: wake it
    kLost,    ///< the queue is full
  };
  /// `text` is `events` complete server-sent events.
  [[nodiscard]] Pushed push(SharedText text, std::uint64_t events);
  /// Counts events that were lost before they came here. True: wake the taker.
  [[nodiscard]] bool lose(std::uint64_t events);
  /// Up to `max_bytes` of text (at least one piece), in order. Empty: there is
  /// nothing, and the next push() will say kWake.
  [[nodiscard]] std::vector<SharedText> take(std::size_t max_bytes);
  [[nodiscard]] std::uint64_t lost() const;

 private:
  struct Entry {
    SharedText text;
    std::uint64_t events = 0;
  };
  [[nodiscard]] bool wake() NETPROBE_REQUIRES(mutex_);
  void append_notice() NETPROBE_REQUIRES(mutex_);

  const std::size_t max_events_;
  const std::size_t max_bytes_;
  mutable Mutex mutex_;
  std::deque<Entry> entries_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t events_ NETPROBE_GUARDED_BY(mutex_) = 0;
  std::size_t bytes_ NETPROBE_GUARDED_BY(mutex_) = 0;
  std::uint64_t lost_ NETPROBE_GUARDED_BY(mutex_) = 0;
  std::uint64_t untold_ NETPROBE_GUARDED_BY(mutex_) = 0;  ///< lost, not yet said
  bool asleep_ NETPROBE_GUARDED_BY(mutex_) = false;
};

}  // namespace netprobe
