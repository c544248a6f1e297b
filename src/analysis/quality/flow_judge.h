// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "analysis/quality/process_join.h"
#include "base/clock.h"
#include "model/flow.h"
#include "model/signals.h"

namespace netprobe {

/// Completes flows with what the flow table cannot know: the processes behind
/// them, their sockets' round trip time, and the verdict. One thread.
class FlowJudge {
 public:
  explicit FlowJudge(std::uint64_t own_netns) : join_(own_netns) {}
  /// The newest signals; used until there are others.
  void use(SignalsPtr signals) { join_.use(std::move(signals)); }
  /// `now` is wall clock.
  void judge(std::span<Flow> flows, Nanos now) const;
  /// The processes and their sockets' round trip time alone, where nobody looks
  /// at the verdict.
  void join(Flow& flow) const { (void)complete(flow); }

 private:
  ProcessJoin::Sockets complete(Flow& flow) const;

  ProcessJoin join_;
};

}  // namespace netprobe
