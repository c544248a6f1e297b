// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "model/probe.h"
#include "probes/forwarding/forwarding_reader.h"

namespace netprobe {

/// Where this network namespace sends packets for other nodes: routes,
/// neighbours, forwarding entries and tunnel devices. Asks the kernel now and
/// then; has no BPF program.
class ForwardingProbe final : public Probe {
 public:
  /// Between two readings, where nobody asks and no interface changes.
  static constexpr Nanos kInterval = 10 * kSecond;
  /// How old a reading may be for who asks.
  static constexpr Nanos kFresh = 2 * kSecond;
  /// After a change of an interface: what goes with it comes a little later.
  static constexpr Nanos kAfterChange = kSecond;

  [[nodiscard]] static Result<std::unique_ptr<Probe>> make(const Clock& clock);

  void collect(Nanos now) override;
  void refresh(Nanos now) override;
  void on_interface(const InterfaceInfo& link, bool wanted) override;
  void on_interface_gone(std::uint32_t ifindex) override;
  void report(Signals& out) override;
  [[nodiscard]] ProbeStatus status() const override;

 private:
  explicit ForwardingProbe(const Clock& clock) : clock_(clock) {}
  void read_where_older(Nanos now, Nanos age);
  void read(Nanos now);

  const Clock& clock_;
  ForwardingReader reader_;
  ForwardingReader::Links links_;
  ForwardingState state_;
  bool changed_ = true;  ///< an interface, since the last reading
  Nanos read_at_ = 0;    ///< monotonic; 0: never
  Nanos cost_ = 0;       ///< of the last reading
  std::uint64_t readings_ = 0;
  std::uint64_t truncated_ = 0;  ///< most that any reading had beyond its bounds
};

}  // namespace netprobe
