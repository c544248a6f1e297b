// SPDX-License-Identifier: Apache-2.0
#include "analysis/quality/process_join.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace netprobe {
namespace {

constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();
// Connections of one tuple that are looked at: more than this are of a port
// that is used again all the time, and then no name is the honest answer.
constexpr int kMostCandidates = 16;
// A flow's last packet is known to a kernel tick (at most 10 ms), and the
// socket's times are taken before or after the packet's.
constexpr Nanos kSlack = 20 * kMillisecond;

bool overlaps(const Connection& socket, const Flow& flow, Nanos slack) {
  // What was there before the agent began at any time before.
  const Nanos begin = socket.opened;
  const Nanos end = socket.closed != 0 ? socket.closed : std::numeric_limits<Nanos>::max() - slack;
  return begin - slack <= flow.last_seen && flow.first_seen <= end + slack;
}

bool same_process(const Connection& a, const Connection& b) {
  if (a.netns != b.netns || !a.process || !b.process) return false;
  return a.process->pid == b.process->pid && a.process->comm == b.process->comm &&
         a.process->cgroup_id == b.process->cgroup_id;
}

}  // namespace

void ProcessJoin::use(SignalsPtr signals) {
  if (signals == signals_) return;
  signals_ = std::move(signals);
  newest_.clear();
  older_.clear();
  if (!signals_) return;
  const auto& connections = signals_->sockets.connections;
  older_.reserve(connections.size());
  newest_.reserve(connections.size());
  for (std::uint32_t i = 0; i < connections.size(); ++i) {
    const auto [entry, is_new] = newest_.try_emplace(connections[i].tuple, i);
    older_.push_back(is_new ? kNobody : std::exchange(entry->second, i));
  }
}

const Connection* ProcessJoin::one_of(const FlowTuple& tuple, const Flow& flow, Place place) const {
  const auto found = newest_.find(tuple);
  if (found == newest_.end()) return nullptr;
  const auto pick = [&](Nanos slack) -> std::pair<const Connection*, bool> {
    const Connection* only = nullptr;
    int looked = 0;
    for (std::uint32_t i = found->second; i != kNobody; i = older_[i]) {
      if (++looked > kMostCandidates) return {nullptr, false};
      const Connection& socket = signals_->sockets.connections[i];
      if (!overlaps(socket, flow, slack)) continue;
      if (place == Place::kOwn && socket.netns != own_netns_) continue;
      if (place == Place::kOther && socket.netns != 0 && socket.netns == own_netns_) continue;
      if (only != nullptr && !same_process(*only, socket)) return {nullptr, false};
      if (only == nullptr) only = &socket;
    }
    return {only, true};
  };
  const auto [candidate, clear] = pick(kSlack);
  if (clear) return candidate;
  return pick(0).first;  // without the tolerance one alone may be left
}

ProcessJoin::Sockets ProcessJoin::find(const Flow& flow) const {
  if (newest_.empty()) return {};
  Place client = Place::kAnywhere;
  Place server = Place::kAnywhere;
  if (flow.tuple.src.is_loopback() || flow.tuple.dst.is_loopback()) {
    // Every namespace has these addresses; the packets passed the own one's.
    if (own_netns_ == 0) return {};
    client = server = Place::kOwn;
  } else {
    for (const Observation& point : flow.observations) {
      if (point.role != Role::kPod) continue;
      // Ingress at a pod's veth is what the pod sends.
      const bool in = point.direction == Direction::kIngress;
      if ((in ? point.forward : point.reverse).packets > 0) client = Place::kOther;
      if ((in ? point.reverse : point.forward).packets > 0) server = Place::kOther;
    }
  }
  const FlowTuple& seen_by_server = flow.nat ? flow.translated : flow.tuple;
  return {one_of(flow.tuple, flow, client), one_of(seen_by_server.reversed(), flow, server)};
}

}  // namespace netprobe
