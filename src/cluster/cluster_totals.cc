// SPDX-License-Identifier: Apache-2.0
#include "cluster/cluster_totals.h"

#include <algorithm>
#include <utility>

#include "cluster/roster.h"

namespace netprobe {
namespace {

constexpr std::size_t kBuckets = kLatencyBounds.size() + 1;
constexpr std::string_view kOther = "~other";
/// Pairs of all agents that are remembered: about 400 bytes each.
constexpr std::size_t kMostRemembered = 1'000'000;
/// An agent that told nothing for so many looks is gone for good.
constexpr std::uint64_t kLooksToForget = 2'000;

/// All that is counted of a pair, as one row of numbers.
using Numbers = std::array<std::uint64_t, 15 + 1 + kBuckets>;

Numbers numbers_of(const WorkloadPair& pair) {
  const TcpTrouble& c = pair.client_trouble;
  const TcpTrouble& s = pair.server_trouble;
  Numbers numbers{
      pair.flows,           pair.connections,
      pair.forward.packets, pair.forward.bytes,
      pair.reverse.packets, pair.reverse.bytes,
      c.retransmits,        c.out_of_order,
      c.zero_windows,       c.resets,
      s.retransmits,        s.out_of_order,
      s.zero_windows,       s.resets,
      pair.dropped,         static_cast<std::uint64_t>(std::max<Nanos>(pair.handshake.sum, 0))};
  const std::size_t buckets = std::min(pair.handshake.counts.size(), kBuckets);
  std::copy_n(pair.handshake.counts.begin(), buckets, numbers.begin() + 16);
  return numbers;
}

void fill(WorkloadPair& pair, const Numbers& n) {
  pair.flows = n[0];
  pair.connections = n[1];
  pair.forward = {n[2], n[3]};
  pair.reverse = {n[4], n[5]};
  pair.client_trouble = {n[6], n[7], n[8], n[9]};
  pair.server_trouble = {n[10], n[11], n[12], n[13]};
  pair.dropped = n[14];
  pair.handshake.sum = static_cast<Nanos>(n[15]);
  pair.handshake.counts.assign(n.begin() + 16, n.end());
}

/// Words of flows' directions have static storage; others are none.
std::string_view known_direction(std::string_view text) {
  for (const std::string_view each : {"intra-node", "inter-node", "ingress", "egress"})
    if (text == each) return each;
  return "";
}

std::string key_of(const WorkloadPair& pair) {
  std::string key;
  for (const WorkloadName* name : {&pair.src, &pair.dst})
    for (const std::string* part : {&name->name_space, &name->kind, &name->name})
      key += *part + '\x1f';
  key += pair.direction;
  return key;
}

}  // namespace

struct ClusterTotals::Shared {
  struct Total {
    WorkloadPair pair;
    Numbers numbers{};
  };
  /// What one run of an agent told last.
  struct Run {
    std::map<std::string, Numbers> pairs;
    std::uint64_t folded = 0;
    std::uint64_t look = 0;  ///< when it told last
  };
  /// A node has several where several agents have its name.
  using Runs = std::map<std::string, Run>;

  void take(const WorkloadSums& sums) NETPROBE_REQUIRES(mutex) {
    Runs& runs = nodes[sums.node];
    // A run that told neither now nor the look before is one before a restart: what it
    // had is in the totals.
    std::erase_if(runs, [&, now = look](const auto& each) {
      return each.first != sums.run_id && each.second.look + 1 < now;
    });
    Run& run = runs[sums.run_id];
    run.look = look;
    by = sums.report.by;
    for (const WorkloadPair& each : sums.report.pairs) add(run, each);
    if (sums.report.folded > run.folded) folded += sums.report.folded - run.folded;
    run.folded = std::max(run.folded, sums.report.folded);
  }

  void add(Run& run, const WorkloadPair& pair) NETPROBE_REQUIRES(mutex) {
    const std::string key = key_of(pair);
    Total* total = total_of(key, pair);
    // Those of ~other are told apart by agent all the same: a pair must not be counted
    // again when it finds room nowhere.
    auto known = run.pairs.find(key);
    if (known == run.pairs.end()) {
      if (remembered >= kMostRemembered) {
        ++refused;
        return;
      }
      ++remembered;
      known = run.pairs.emplace(key, Numbers{}).first;
    }
    Numbers& before = known->second;
    const Numbers now = numbers_of(pair);
    if (total == &other && now[0] > before[0]) folded += now[0] - before[0];
    for (std::size_t i = 0; i < now.size(); ++i) {
      // Sums of one run only grow; where they did not, nothing is known to be new.
      if (now[i] > before[i]) total->numbers[i] += now[i] - before[i];
      before[i] = std::max(before[i], now[i]);
    }
  }

  Total* total_of(const std::string& key, const WorkloadPair& pair) NETPROBE_REQUIRES(mutex) {
    const auto found = totals.find(key);
    if (found != totals.end()) return &found->second;
    if (totals.size() >= most_pairs) return &other;
    Total& total = totals[key];
    total.pair.src = pair.src;
    total.pair.dst = pair.dst;
    total.pair.direction = known_direction(pair.direction);
    return &total;
  }

  /// Before each look: nodes whose agents are gone for long.
  void forget() NETPROBE_REQUIRES(mutex) {
    std::size_t held = 0;
    for (auto node = nodes.begin(); node != nodes.end();) {
      const bool gone = std::ranges::all_of(node->second, [now = look](const auto& each) {
        return each.second.look + kLooksToForget < now;
      });
      if (!gone)
        for (const auto& [id, run] : node->second) held += run.pairs.size();
      node = gone ? nodes.erase(node) : std::next(node);
    }
    remembered = held;
  }

  std::size_t most_pairs = 0;
  mutable Mutex mutex;
  WorkloadBy by NETPROBE_GUARDED_BY(mutex) = WorkloadBy::kWorkload;
  std::map<std::string, Total> totals NETPROBE_GUARDED_BY(mutex);
  Total other NETPROBE_GUARDED_BY(mutex);
  std::map<std::string, Runs> nodes NETPROBE_GUARDED_BY(mutex);
  std::size_t remembered NETPROBE_GUARDED_BY(mutex) = 0;  ///< pairs of all runs
  std::uint64_t refused NETPROBE_GUARDED_BY(mutex) = 0;
  std::uint64_t folded NETPROBE_GUARDED_BY(mutex) = 0;
  std::uint64_t look NETPROBE_GUARDED_BY(mutex) = 1;
  std::size_t asked NETPROBE_GUARDED_BY(mutex) = 0;
  std::size_t told NETPROBE_GUARDED_BY(mutex) = 0;
};

ClusterTotals::ClusterTotals(AgentDirectory& agents, Scheduler& scheduler,
                             ClusterTotalsOptions options)
    : agents_(agents),
      scheduler_(scheduler),
      deadline_(options.deadline),
      shared_(std::make_shared<Shared>()) {
  shared_->most_pairs = options.most_pairs;
  const MutexLock lock(shared_->mutex);
  shared_->other.pair.src.name = kOther;
  shared_->other.pair.dst.name = kOther;
}

void ClusterTotals::poll() {
  const Roster roster = roster_of(agents_);
  std::uint64_t look = 0;
  {
    const MutexLock lock(shared_->mutex);
    look = ++shared_->look;
    shared_->asked = roster.expected();
    shared_->told = 0;
    shared_->forget();
  }
  for (const Roster::Member& member : roster.ready) {
    member.peer->sums(deadline_, [shared = shared_, look, &scheduler = scheduler_](auto sums) {
      if (!sums) return;
      // Off the transport's thread: an agent may have thousands of pairs.
      scheduler.post([shared, look, sums = std::move(*sums)] {
        const MutexLock lock(shared->mutex);
        // What comes after the next look may be older than what that brought.
        if (shared->look != look) return;
        ++shared->told;
        shared->take(sums);
      });
    });
  }
}

void ClusterTotals::take(const WorkloadSums& sums) {
  const MutexLock lock(shared_->mutex);
  shared_->take(sums);
}

WorkloadReport ClusterTotals::report() const {
  const MutexLock lock(shared_->mutex);
  WorkloadReport report;
  report.by = shared_->by;
  report.folded = shared_->folded;
  report.pairs.reserve(shared_->totals.size() + 1);
  const auto add = [&](const Shared::Total& total) {
    report.pairs.push_back(total.pair);
    fill(report.pairs.back(), total.numbers);
  };
  for (const auto& [key, total] : shared_->totals) add(total);
  if (std::ranges::any_of(shared_->other.numbers, [](std::uint64_t n) { return n > 0; }))
    add(shared_->other);
  return report;
}

std::pair<std::size_t, std::size_t> ClusterTotals::told() const {
  const MutexLock lock(shared_->mutex);
  return {shared_->told, shared_->asked};
}

std::uint64_t ClusterTotals::refused() const {
  const MutexLock lock(shared_->mutex);
  return shared_->refused;
}

}  // namespace netprobe
