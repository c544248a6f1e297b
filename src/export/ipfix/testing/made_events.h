// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>

#include "outbox/testing/made_records.h"
#include "query/evaluate.h"

namespace netprobe::ipfix::testing {

/// Flows of IPv4 and IPv6, TCP, UDP and ICMP, some translated.
inline std::shared_ptr<HistoryBatch> made_mixture(std::size_t count, std::uint32_t seed) {
  auto batch = netprobe::testing::made_flows(count, 1, seed);
  std::mt19937 random(seed + 1);
  const auto six = [&] {
    return *IpAddress::parse("2001:db8::" + std::to_string(random() % 1000));
  };
  for (FlowRecord& flow : batch->flows) {
    if (random() % 2 == 0) {
      flow.tuple.src = six();
      flow.tuple.dst = six();
    } else {
      flow.tuple.dst = IpAddress::v4(0x0a020000U + random() % 1000);
    }
    const bool v4 = flow.tuple.src.is_v4();
    if (random() % 5 == 0) {
      flow.tuple.protocol = v4 ? kProtoIcmp : kProtoIcmp6;
      flow.icmp = 0x0800;
    }
    if (random() % 3 == 0) {
      flow.nat = true;
      flow.translated = flow.tuple;
      flow.translated.dst = v4 ? IpAddress::v4(0x0a090001U) : six();
      flow.translated.dst_port = 8080;
    }
    if (flow.tuple.protocol == kProtoTcp) {
      flow.tcp_flags = 0x1b;
      flow.reverse_tcp_flags = 0x13;
      flow.ended = random() % 2 == 0;
    }
    flow.vlan = random() % 2 == 0 ? 17 : kNoVlan;
    flow.vni = random() % 2 == 0 ? 42 : 0;
    flow.forward.packets += 1;  // a collector may leave out what has no packet
  }
  return batch;
}

inline std::vector<RecordRef> refs_of(const HistoryBatch& batch) {
  std::vector<RecordRef> refs;
  for (const auto& each : batch.flows) refs.push_back({RecordKind::kFlow, &each, batch.node});
  for (const auto& each : batch.drops) refs.push_back({RecordKind::kDrop, &each, batch.node});
  for (const auto& each : batch.connections)
    refs.push_back({RecordKind::kConnection, &each, batch.node});
  for (const auto& each : batch.alerts) refs.push_back({RecordKind::kAlert, &each, batch.node});
  return refs;
}

}  // namespace netprobe::ipfix::testing
