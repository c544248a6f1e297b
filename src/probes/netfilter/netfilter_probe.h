// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/bounded_queue.h"
#include "base/clock.h"
#include "base/result.h"
#include "bpf/kernel.h"
#include "model/netfilter.h"
#include "model/probe.h"
#include "probes/netfilter/conntrack_reader.h"
#include "probes/netfilter/hook_counters.h"
#include "probes/netfilter/nat_watcher.h"
#include "probes/netfilter/ruleset_reader.h"

namespace netprobe {

/// The firewall of this network namespace: hook points, rules, the connection
/// table and its translations. See docs/netfilter.md.
class NetfilterProbe final : public Probe {
 public:
  /// Parts that cannot be had are off by themselves and say so in status();
  /// an error where no part is left.
  [[nodiscard]] static Result<std::unique_ptr<Probe>> make(NetfilterHooks hooks,
                                                           const KernelFeatures& kernel,
                                                           const Clock& clock,
                                                           BoundedQueue<NatMapping>& nat);

  std::size_t poll(Nanos now) override;
  void collect(Nanos now) override;
  void report(Signals& out) override;
  [[nodiscard]] ProbeStatus status() const override;

 private:
  NetfilterProbe(NetfilterHooks hooks, const Clock& clock, BoundedQueue<NatMapping>& nat)
      : hooks_(hooks), rules_(clock), nat_queue_(nat) {}
  [[nodiscard]] HookWishes wishes() const;
  void watch_nat();

  const NetfilterHooks hooks_;
  RulesetReader rules_;
  ConntrackReader conntrack_;
  std::optional<HookCounters> counters_;
  std::string no_counters_;  ///< why there are none
  std::optional<NatWatcher> nat_;
  std::string no_nat_;
  BoundedQueue<NatMapping>& nat_queue_;
};

}  // namespace netprobe
