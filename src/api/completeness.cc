// SPDX-License-Identifier: Apache-2.0
#include "api/completeness.h"

#include <algorithm>
#include <map>

#include "api/api.h"

namespace netprobe {
namespace {

using Lost = std::map<std::string, std::uint64_t>;

/// A counter may be told of by its probe, by the agent or by both: same name,
/// same thing.
void take(Lost& lost, const std::string& stage, const std::string& cause, std::uint64_t count) {
  if (count == 0) return;
  auto& entry = lost[stage + "." + cause];
  entry = std::max(entry, count);
}

using Probes = std::initializer_list<std::string_view>;

}  // namespace

Lost live_losses(const Snapshot& snapshot, const AskedRange& asked, Probes probes) {
  Lost lost;
  for (const auto& probe : snapshot.probes) {
    if (std::ranges::find(probes, probe.name) == probes.end()) continue;
    for (const auto& loss : probe.lost) take(lost, loss.stage, loss.cause, loss.count);
  }
  if (std::ranges::find(probes, "flow") == probes.end()) return lost;

  // What one client of a stream read too slowly is in every other answer.
  for (const auto& loss : snapshot.losses)
    // What clients did not wait for is missing in no answer.
    if (loss.stage != kStreamStage && loss.stage != kAnswerStage)
      take(lost, loss.stage, loss.cause, loss.count);
  take(lost, "flow_table", "evicted", snapshot.table.evicted_flows);

  // Packets that should be in a flow and are in none. What is not IP has no
  // flow to be missing from.
  std::array<std::uint64_t, kUnattributedCauses> unattributed{};
  const auto add = [&](const DeviceCounters& counters) {
    for (std::size_t i = 0; i < unattributed.size(); ++i)
      unattributed[i] += counters.unattributed[i];
  };
  add(snapshot.retired_rx);
  add(snapshot.retired_tx);
  for (const auto& interface : snapshot.interfaces) {
    add(interface.rx);
    add(interface.tx);
  }
  for (std::size_t i = 0; i < unattributed.size(); ++i) {
    const auto cause = static_cast<Unattributed>(i);
    if (cause != Unattributed::kNonIp)
      take(lost, "unattributed_packets", std::string(to_string(cause)), unattributed[i]);
  }

  // A flow leaves the table when it ends. Who asks for what is now does not
  // miss it; who asks for a range of time does.
  const auto held = static_cast<std::uint64_t>(snapshot.flows.size());
  if ((asked.since || asked.until) && snapshot.table.total_flows > held)
    take(lost, "flow_table", "ended", snapshot.table.total_flows - held);
  return lost;
}

Lost history_losses(const Snapshot& snapshot,
                    const std::vector<std::pair<std::string, std::uint64_t>>& history_lost,
                    Probes probes) {
  Lost lost = live_losses(snapshot, {}, probes);
  for (const auto& [cause, count] : history_lost)
    if (cause != "retention") take(lost, "history", cause, count);
  return lost;
}

namespace {

void append_lost(JsonObject& json, std::string& out, const Lost& lost) {
  json.key("lost");
  JsonObject counts(out);
  for (const auto& [name, count] : lost) {
    counts.foreign_key(name);
    out += std::to_string(count);
  }
  counts.close();
}

/// `whole`: all of what was asked for was looked at.
void append_covered(JsonObject& json, std::string& out, const Snapshot& snapshot, Nanos since,
                    Nanos until, bool whole, const Lost& lost) {
  json.key("completeness");
  JsonObject inner(out);
  inner.time("since", since);
  // A range that ended before the agent began is covered by nothing.
  inner.time("until", std::max(since, until));
  inner.time("lost_since", snapshot.started_at);
  append_lost(inner, out, lost);
  inner.flag("complete", whole && lost.empty());
  inner.close();
}

}  // namespace

void append_completeness(JsonObject& json, std::string& out, const Snapshot& snapshot,
                         const AskedRange& asked, Probes probes, const LossCounter& cut) {
  const Nanos since = std::max(asked.since.value_or(snapshot.started_at), snapshot.started_at);
  const Nanos until = std::min(asked.until.value_or(snapshot.taken_at), snapshot.taken_at);
  const bool all_observed = !asked.since || *asked.since >= snapshot.started_at;
  Lost lost = live_losses(snapshot, asked, probes);
  take(lost, cut.stage, cut.cause, cut.count);

  append_covered(json, out, snapshot, since, until, all_observed, lost);
}

void append_history_completeness(
    JsonObject& json, std::string& out, const Snapshot& snapshot, const CoveredRange& covered,
    const std::vector<std::pair<std::string, std::uint64_t>>& history_lost, Probes probes) {
  const Lost lost = history_losses(snapshot, history_lost, probes);
  const Nanos until = std::min(covered.until.value_or(snapshot.taken_at), snapshot.taken_at);
  const Nanos since = covered.since.value_or(snapshot.started_at);

  append_covered(json, out, snapshot, since, until, covered.whole, lost);
}

}  // namespace netprobe
