// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "agent/options.h"
#include "base/bounded_queue.h"
#include "base/clock.h"
#include "base/result.h"
#include "bpf/kernel.h"
#include "bpf/name_maps.h"
#include "bpf/tunnel_maps.h"
#include "model/block.h"
#include "model/events.h"
#include "model/netfilter.h"
#include "model/probe.h"

namespace netprobe {

using NatQueue = BoundedQueue<NatMapping>;
/// Gets what carries out blocks, or why there is nothing that does.
using BlockPlaneSink = std::function<void(Result<std::shared_ptr<BlockPlane>>)>;

/// What a probe may be made from. All of it outlives the probe.
struct ProbeNeeds {
  const AgentOptions& options;
  const KernelFeatures& kernel;
  const Clock& clock;
  NatQueue& nat;  ///< to the flow table
  /// Of the flow programs, for the probe that reads them; it takes them.
  Result<TunnelMaps>& tunnel_maps;
  Result<NameMaps>& name_maps;  ///< likewise
  const EventHandlers& events;
  const BlockPlaneSink& block_plane;  ///< empty: nobody blocks
};

/// One line of the registry.
struct ProbeEntry {
  std::string_view name;
  std::string_view flag;  ///< that turns it on and off
  bool AgentOptions::* enabled;
  /// An error: this signal is off, its reason shown; everything else runs.
  Result<std::unique_ptr<Probe>> (*make)(const ProbeNeeds& needs);
};

/// Every probe beside the flow probe, in the order in which they are shown.
[[nodiscard]] std::span<const ProbeEntry> probe_registry();

}  // namespace netprobe
