// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "model/flow.h"
#include "model/identity.h"
#include "model/workload.h"

namespace netprobe {

/// What stands in every part of the name of what found no room.
inline constexpr std::string_view kOtherWorkload = "~other";

struct WorkloadNameHash {
  std::size_t operator()(const WorkloadName& name) const;
};

/// The name of somebody who is known.
[[nodiscard]] WorkloadName workload_name(const Identity& identity, WorkloadBy by);

/// An end of a flow, and what is known of it.
struct WorkloadEnd {
  WorkloadName name;
  bool pod = false;
  bool known = false;  ///< no more can be learned of it
};

/// Of an address that nobody is known for: a kind "External" for what is outside
/// of any cluster ("world", "multicast", "link-local"), the node for loopback,
/// else nothing.
[[nodiscard]] WorkloadEnd unnamed_end(const IpAddress& address, bool maybe_cluster,
                                      const std::string& node);

struct WorkloadEnds {
  WorkloadEnd src;
  WorkloadEnd dst;
};

/// Both ends of a flow that was named; dst is who answers: behind a service its
/// backend, where that is known. `node` is who loopback addresses are; empty:
/// nobody.
[[nodiscard]] WorkloadEnds workload_ends(const Flow& flow, WorkloadBy by, const std::string& node);

}  // namespace netprobe
