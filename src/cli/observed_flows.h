// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "analysis/network_policy/policy.h"
#include "cli/agent_client.h"

namespace netprobe {

/// Which flows of history are asked for.
struct ObservedQuestion {
  std::string name_space;
  std::string workload;  ///< empty: all of the namespace
  std::string since;     ///< as the API takes it
};

/// Flows of a namespace's pods, with who their ends are.
struct ObservedFlows {
  std::vector<network_policy::Seen> seen;
  std::string since;       ///< RFC 3339: from when on history was looked at
  std::string kept_since;  ///< the oldest that there is; empty: not known
  /// What makes it less than all: sentences.
  std::vector<std::string> warnings;
};

/// What is asked, in the query language.
[[nodiscard]] std::string observed_query(const ObservedQuestion& question);
/// Asks an agent or a server: one query, and look-ups of who has the addresses.
[[nodiscard]] Result<ObservedFlows> fetch_observed(AgentClient& agent,
                                                   const ObservedQuestion& question);

}  // namespace netprobe
