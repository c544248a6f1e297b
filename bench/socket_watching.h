// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "model/probe.h"
#include "model/signals.h"

namespace netprobe::bench {

/// The socket probe as the agent has it: a thread that drains and sweeps.
class Watching {
 public:
  /// Null where the probe does not start; stderr has the reason. Not
  /// `reading`: nobody empties the ring before finish().
  [[nodiscard]] static std::unique_ptr<Watching> start(bool reading = true);
  Watching() = default;
  ~Watching();
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

  /// Ends the thread and hands over what it knows. Once.
  [[nodiscard]] Signals finish();
  /// What the thread has used so far.
  [[nodiscard]] double cpu_seconds() const { return cpu_; }

 private:
  void run();

  SystemClock clock_;
  std::unique_ptr<Probe> probe_;
  std::atomic<bool> stop_ = false;
  std::atomic<double> cpu_ = 0;
  std::thread thread_;
};

}  // namespace netprobe::bench
