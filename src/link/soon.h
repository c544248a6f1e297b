// SPDX-License-Identifier: Apache-2.0
// gRPC's headers: for .cc files of src/link only.
#pragma once

#include <grpcpp/alarm.h>

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "base/clock.h"

namespace netprobe {

/// Runs work once on one of gRPC's threads, after a while.
inline void run_after(Nanos delay, std::function<void()> work) {
  auto alarm = std::make_shared<grpc::Alarm>();
  grpc::Alarm& set = *alarm;
  // What is set holds the alarm until it has run, and then lets go of it.
  set.Set(std::chrono::system_clock::now() + std::chrono::nanoseconds(delay),
          [alarm = std::move(alarm), work = std::move(work)](bool) mutable {
            const auto last = std::move(alarm);
            std::exchange(work, nullptr)();
          });
}
inline void run_soon(std::function<void()> work) { run_after(0, std::move(work)); }

}  // namespace netprobe
