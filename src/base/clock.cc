// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <ctime>

namespace netprobe {
namespace {

Nanos read(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<Nanos>(now.tv_sec) * kSecond + now.tv_nsec;
}

}  // namespace

Nanos SystemClock::monotonic() const { return read(CLOCK_MONOTONIC); }
Nanos SystemClock::wall() const { return read(CLOCK_REALTIME); }

}  // namespace netprobe
