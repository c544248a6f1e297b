// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cluster/agent_peer.h"
#include "cluster/scheduler.h"
#include "io/url.h"

namespace netprobe {

struct ClusterPagesOptions {
  Nanos deadline = 5 * kSecond;
  /// Of it, for the second question: other halves of flows.
  Nanos halves_deadline = 2 * kSecond;
  std::size_t default_limit = 100;
  std::size_t most_rows = 10'000;
};

/// The pages of the agents' API for all nodes at once: asked of each, joined as JSON.
/// Any thread; answers come on a thread of the scheduler. What agents refuse as wrong
/// (400) is refused with their words.
class ClusterPages {
 public:
  /// What to answer with; its status is 200, 400, or 503 where no agent answered.
  using Done = std::function<void(PageAnswer)>;

  /// All outlive the last answer.
  ClusterPages(AgentDirectory& agents, Scheduler& scheduler, const Clock& clock,
               ClusterPagesOptions options = {});

  /// "/api/connections" and other lists, as merge_lists() says. Of the parameters
  /// `limit` and `cursor` are this page's; the others go to the agents. Of "/api/interfaces",
  /// "/api/probes" and "/api/netfilter", which take nothing there, `node` is, too: that one's.
  void list(const std::string& path, const QueryParams& params, Done done) const;
  /// "/api/stats".
  void stats(Done done) const;
  /// "/api/flows" of what is live: each flow once, newest first (`sort`: also bytes,
  /// packets), with "node", and of those between nodes "sides" (halves.h). Takes what
  /// the agents' takes.
  void flows(const QueryParams& params, Done done) const;

 private:
  AgentDirectory& agents_;
  Scheduler& scheduler_;
  const Clock& clock_;
  ClusterPagesOptions options_;
};

}  // namespace netprobe
