// SPDX-License-Identifier: Apache-2.0
#include "library/dispatcher.h"

#include <utility>

namespace netprobe::v0 {

void Dispatcher::start() {
  thread_ = std::thread([this] { run(); });
}

void Dispatcher::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  news_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Dispatcher::wait_for_handler() {
  if (std::this_thread::get_id() == thread_.get_id()) return;
  while (calling_) idle_.wait(mutex_);
}

void Dispatcher::use(SocketEventHandler handler) {
  const MutexLock lock(mutex_);
  on_socket_ = std::move(handler);
  wait_for_handler();
}

void Dispatcher::use(VxlanEventHandler handler) {
  const MutexLock lock(mutex_);
  on_vxlan_ = std::move(handler);
  wait_for_handler();
}

void Dispatcher::push_any(Event event) {
  {
    const MutexLock lock(mutex_);
    const bool wanted =
        std::holds_alternative<SocketEvent>(event) ? on_socket_ != nullptr : on_vxlan_ != nullptr;
    if (!wanted || stopping_) return;
    if (events_.size() >= most_) {
      ++lost_;
      return;
    }
    events_.push_back(std::move(event));
  }
  news_.notify_one();
}

std::uint64_t Dispatcher::lost() const {
  const MutexLock lock(mutex_);
  return lost_;
}

void Dispatcher::run() {
  for (;;) {
    Event event;
    SocketEventHandler on_socket;
    VxlanEventHandler on_vxlan;
    {
      const MutexLock lock(mutex_);
      calling_ = false;
      idle_.notify_all();
      while (events_.empty() && !stopping_) news_.wait(mutex_);
      if (stopping_) return;
      event = std::move(events_.front());
      events_.pop_front();
      // Copies: a handler may change the handlers.
      on_socket = on_socket_;
      on_vxlan = on_vxlan_;
      calling_ = true;
    }
    if (const auto* socket = std::get_if<SocketEvent>(&event)) {
      if (on_socket) on_socket(*socket);
    } else if (on_vxlan) {
      on_vxlan(std::get<VxlanEvent>(event));
    }
  }
}

}  // namespace netprobe::v0
