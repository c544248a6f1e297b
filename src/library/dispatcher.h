// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netprobe/events.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <thread>
#include <variant>

#include "base/mutex.h"

namespace netprobe::v0 {

/// Calls the program's handlers on a thread that does nothing else, so that a slow
/// one holds up nothing but itself. Bounded; what finds it full is counted.
class Dispatcher {
 public:
  explicit Dispatcher(std::size_t most) : most_(most) {}
  ~Dispatcher() { stop(); }
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  void start();
  /// What is queued is not delivered any more. Idempotent; not from a handler.
  void stop();

  /// Events that come from now on, and those that wait, go to this one. Without a
  /// handler they go nowhere. Afterwards the old one runs no more, except where it
  /// is the caller.
  void use(SocketEventHandler handler);
  void use(VxlanEventHandler handler);

  /// From any thread; never waits for a handler.
  void push(SocketEvent event) { push_any(std::move(event)); }
  void push(VxlanEvent event) { push_any(std::move(event)); }
  [[nodiscard]] std::uint64_t lost() const;

 private:
  using Event = std::variant<SocketEvent, VxlanEvent>;
  void push_any(Event event);
  void run();
  void wait_for_handler() NETPROBE_REQUIRES(mutex_);

  const std::size_t most_;
  std::thread thread_;

  mutable Mutex mutex_;
  std::condition_variable_any news_;
  std::condition_variable_any idle_;
  std::deque<Event> events_ NETPROBE_GUARDED_BY(mutex_);
  SocketEventHandler on_socket_ NETPROBE_GUARDED_BY(mutex_);
  VxlanEventHandler on_vxlan_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t lost_ NETPROBE_GUARDED_BY(mutex_) = 0;
  bool calling_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool stopping_ NETPROBE_GUARDED_BY(mutex_) = false;
};

}  // namespace netprobe::v0
