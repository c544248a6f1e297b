// SPDX-License-Identifier: Apache-2.0
#include "server/server_metrics.h"

#include <array>
#include <map>
#include <string>

#include "base/own_process.h"
#include "cluster/roster.h"
#include "export/prometheus/kube_rows.h"
#include "export/prometheus/metric_table.h"
#include "export/prometheus/workload_rows.h"

namespace netprobe {
namespace {

using Link = AgentState::Link;

void write_agents(TextWriter& out, const AgentDirectory& directory) {
  std::array<std::uint64_t, 4> by_link{};
  std::uint64_t failures = 0;
  std::map<std::string, std::uint64_t> faults;
  for (const AgentPeerPtr& peer : directory.agents()) {
    const AgentStatePtr state = peer->state();
    ++by_link.at(static_cast<std::size_t>(state->link));
    failures += state->failures;
    for (const auto& [cause, count] : state->faults) faults[cause] += count;
  }
  out.family(describe(Metric::kServerAgents));
  for (std::size_t i = 0; i < by_link.size(); ++i)
    out.sample({{"state", to_string(static_cast<Link>(i))}}, by_link.at(i));
  out.sample({{"state", "missing"}},
             static_cast<std::uint64_t>(nodes_without_agent(directory).size()));
  out.family(describe(Metric::kServerAgentFailures));
  out.sample({}, failures);
  out.family(describe(Metric::kServerAgentFaults));
  for (const auto& [cause, count] : faults) out.sample({{"cause", cause}}, count);
}

}  // namespace

std::string render_server_metrics(const ServerMetrics& metrics, TextFormat format) {
  const auto& [snapshot, agents, http, questions] = metrics;
  std::string page;
  TextWriter out(page, format);
  const auto single = [&](Metric metric, auto value) {
    out.family(describe(metric));
    out.sample({}, value);
  };
  out.family(describe(Metric::kBuildInfo));
  out.sample({{"version", snapshot.version}, {"kernel", ""}, {"node", ""}}, std::uint64_t{1});
  single(Metric::kProcessResidentMemory, resident_bytes());
  single(Metric::kProcessCpuSeconds, cpu_seconds());
  single(Metric::kProcessStartTime, static_cast<double>(snapshot.started_at) / 1e9);
  // Without Kubernetes of its own it has the names that its agents have.
  if (snapshot.kube->status.state != KubeState::kOff || !snapshot.workloads.pairs.empty())
    write_workloads(out, snapshot);
  write_kube(out, *snapshot.kube);
  write_agents(out, agents);
  single(Metric::kServerStreams, http.streams);
  single(Metric::kServerQueries, questions.queries);
  single(Metric::kServerQueriesFailed, questions.queries_failed);
  out.family(describe(Metric::kServerEventsLost));
  out.sample({{"stage", "api_stream"}, {"cause", "slow_client"}}, http.stream_events_lost);
  out.finish();
  return page;
}

}  // namespace netprobe
