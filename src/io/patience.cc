// SPDX-License-Identifier: Apache-2.0
#include "io/patience.h"

#include <poll.h>

#include <chrono>
#include <thread>

namespace netprobe {
namespace {

constexpr int kSliceMillis = 50;

}  // namespace

bool Patience::await(int fd, short events) const {
  while (!is_over()) {
    pollfd ready{.fd = fd, .events = events, .revents = 0};
    if (::poll(&ready, 1, kSliceMillis) > 0) return true;
  }
  return false;
}

void Patience::pause(Nanos time) const {
  if (!is_over()) std::this_thread::sleep_for(std::chrono::nanoseconds(time));
}

}  // namespace netprobe
