// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "model/interface.h"
#include "model/probe_status.h"
#include "model/signals.h"

namespace netprobe {

/// A signal beside the flow probe: sockets, drops, netfilter … Made, driven
/// and ended by the signal thread alone; no method may wait for anything but
/// the kernel.
class Probe {
 public:
  Probe() = default;
  virtual ~Probe() = default;
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  /// Readable when poll() should come before its time; -1 without.
  [[nodiscard]] virtual int fd() const { return -1; }
  /// Every few milliseconds: takes what the kernel has handed over. Returns
  /// how many records it took, 0 for none (the thread then turns slower).
  virtual std::size_t poll(Nanos /*now*/) { return 0; }
  /// Once a collect interval: what has to be fetched from the kernel. `now` is
  /// monotonic.
  virtual void collect(Nanos /*now*/) {}
  /// Before report(), where a reader wants data as of now.
  virtual void refresh(Nanos now) { collect(now); }
  /// An interface of the agent's network namespace is new or changed.
  /// `wanted`: it passes the user's interface filters.
  virtual void on_interface(const InterfaceInfo& /*link*/, bool /*wanted*/) {}
  virtual void on_interface_gone(std::uint32_t /*ifindex*/) {}
  /// Puts its part into `out`.
  virtual void report(Signals& out) = 0;
  [[nodiscard]] virtual ProbeStatus status() const = 0;
};

}  // namespace netprobe
