// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/last_seen.h"

#include <algorithm>

#include "model/connection.h"
#include "probes/socket/connection_view.h"

namespace netprobe {
namespace {

std::size_t bucket_of(Nanos value) {
  return static_cast<std::size_t>(std::ranges::lower_bound(kLatencyBounds, value) -
                                  kLatencyBounds.begin());
}

}  // namespace

void LastSeen::look(std::span<const np_swept> swept, Nanos now) {
  const bool due = now >= next_;
  if (due) next_ = now + interval_;
  std::vector<Seen> seen;
  seen.reserve(swept.size());
  auto before = seen_.begin();
  for (const np_swept& each : swept) {  // both by id
    const np_connection& c = each.c;
    if (c.state == kTcpStateListen || c.state == kTcpStateClose || c.srtt_us == 0) continue;
    while (before != seen_.end() && before->id < c.id) ++before;
    const bool known = before != seen_.end() && before->id == c.id;
    Seen one{.id = c.id,
             .sent = c.bytes_sent,
             .received = c.bytes_recv,
             .sampled = known ? before->sampled : 0,
             .retransmits = c.retransmits,
             .was_sampled = known && before->was_sampled};
    if (due) {
      if (one.was_sampled && one.sampled != one.bytes() && c.role < NP_ROLES) add(c);
      one.sampled = one.bytes();
      one.was_sampled = true;
    }
    seen.push_back(one);
  }
  seen_ = std::move(seen);
}

void LastSeen::add(const np_connection& c) {
  np_latency& to = sampled_[c.role];
  const Nanos rtt = static_cast<Nanos>(c.srtt_us) * kMicrosecond;
  ++to.count[bucket_of(rtt)];
  to.sum_ns += static_cast<std::uint64_t>(rtt);
}

bool LastSeen::complete(np_connection& ended) const {
  const auto found = std::ranges::lower_bound(seen_, ended.id, {}, &Seen::id);
  if (found == seen_.end() || found->id != ended.id) return false;
  ended.bytes_sent = std::max<std::uint64_t>(ended.bytes_sent, found->sent);
  ended.bytes_recv = std::max<std::uint64_t>(ended.bytes_recv, found->received);
  ended.retransmits = std::max(ended.retransmits, found->retransmits);
  return true;
}

}  // namespace netprobe
