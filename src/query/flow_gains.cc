// SPDX-License-Identifier: Apache-2.0
#include "query/flow_gains.h"

#include "model/gained.h"
#include "query/evaluate.h"

namespace netprobe {
namespace {

void add(TcpTrouble& to, const TcpTrouble& more) {
  to.retransmits += more.retransmits;
  to.out_of_order += more.out_of_order;
  to.zero_windows += more.zero_windows;
  to.resets += more.resets;
}

TcpTrouble trouble_of(const TcpSide& side) {
  return {.retransmits = side.retransmits,
          .out_of_order = side.out_of_order,
          .zero_windows = side.zero_windows,
          .resets = side.rsts};
}

/// Its last word. A closed flow is told again while its last packets and points come in.
bool is_last(const Flow& flow) { return flow.ending != FlowEnding::kLive; }

bool is_nothing(const TcpTrouble& trouble) {
  return trouble.retransmits + trouble.out_of_order + trouble.zero_windows + trouble.resets == 0;
}

}  // namespace

FlowGains::Known FlowGains::state_of(const Flow& flow) {
  return {flow.forward, flow.reverse, trouble_of(flow.tcp_forward), trouble_of(flow.tcp_reverse),
          flow.handshake_rtt > 0};
}

void FlowGains::begin(const std::vector<Flow>& flows) {
  known_.clear();
  began_ = 0;
  for (const Flow& flow : flows) {
    if (known_.size() >= most_) break;
    if (!is_last(flow)) known_.emplace(flow.id, state_of(flow));
  }
}

void FlowGains::begin_at(Micros time) {
  known_.clear();
  began_ = time;
}

bool FlowGains::take(const Flow& flow, Micros time, FlowRecord& record) {
  if (flow.merged_into != 0) {
    // The other has its counters from now on: told they are already.
    const auto gone = known_.find(flow.id);
    if (gone == known_.end()) return false;
    const Known before = gone->second;
    known_.erase(gone);
    Known& other = known_[flow.merged_into];
    other.forward += before.forward;
    other.reverse += before.reverse;
    add(other.client, before.client);
    add(other.server, before.server);
    other.shook_hands = other.shook_hands || before.shook_hands;
    return false;
  }
  auto found = known_.find(flow.id);
  const bool began = found == known_.end();
  if (began) {
    if (known_.size() >= most_) {
      ++not_followed_;
      return false;
    }
    if (to_micros(flow.first_seen) < began_) {
      if (!is_last(flow)) known_.emplace(flow.id, state_of(flow));
      return false;
    }
    found = known_.emplace(flow.id, Known{}).first;
  }
  const Known before = found->second;
  const Known now = state_of(flow);
  found->second = now;
  if (is_last(flow)) known_.erase(found);

  const Counters forward = gained(now.forward, before.forward);
  const Counters reverse = gained(now.reverse, before.reverse);
  const TcpTrouble client = gained(now.client, before.client);
  const TcpTrouble server = gained(now.server, before.server);
  const bool shook_hands = now.shook_hands && !before.shook_hands;
  if (forward == Counters{} && reverse == Counters{} && is_nothing(client) && is_nothing(server) &&
      !began && !shook_hands && !is_last(flow))
    return false;
  record = record_of(flow);
  record.time = time;
  record.forward = forward;
  record.reverse = reverse;
  record.client_trouble = client;
  record.server_trouble = server;
  if (!shook_hands) record.handshake = 0;
  record.began = began;
  record.ended = is_last(flow);
  return true;
}

}  // namespace netprobe
