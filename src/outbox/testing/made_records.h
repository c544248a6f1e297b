// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "model/history.h"

namespace netprobe::testing {

inline constexpr Micros kMadeTime = 1'764'000'000LL * 1'000'000;

inline IdentityPtr made_pod(const std::string& name_space, const std::string& workload,
                            const std::string& name) {
  auto pod = std::make_shared<Identity>();
  pod->name = name;
  pod->name_space = name_space;
  pod->workload = workload;
  pod->workload_kind = "Deployment";
  pod->node = "n1";
  pod->labels = KubeLabels{{"app", workload}};
  return pod;
}

/// Flows between pods of a few workloads, nodes, outside addresses and nobodies, over
/// some minutes; ids count on from `first`.
inline std::shared_ptr<HistoryBatch> made_flows(std::size_t count, std::uint64_t first = 1,
                                                std::uint32_t seed = 1) {
  static const std::vector<IdentityPtr> kEnds = [] {
    std::vector<IdentityPtr> ends{nullptr};
    for (const char* name_space : {"shop", "pay"})
      for (const char* workload : {"web", "db", "cache"})
        for (const char* pod : {"-1", "-2"})
          ends.push_back(made_pod(name_space, workload, std::string(workload) + pod));
    auto node = std::make_shared<Identity>();
    node->kind = IdentityKind::kNode;
    node->name = "n1";
    ends.push_back(node);
    auto outside = std::make_shared<Identity>();
    outside->kind = IdentityKind::kExternal;
    outside->name = "office";
    ends.push_back(outside);
    auto lonely = std::make_shared<Identity>();
    lonely->name = "job";
    lonely->name_space = "shop";
    ends.push_back(lonely);
    return ends;
  }();
  static constexpr std::string_view kDirections[] = {"intra-node", "inter-node", "egress"};
  std::mt19937 random(seed);
  auto batch = std::make_shared<HistoryBatch>();
  batch->node = "n1";
  batch->flows.resize(count);
  for (FlowRecord& flow : batch->flows) {
    flow.flow_id = first++;
    flow.time = kMadeTime + static_cast<Micros>(random() % 180) * 1'000'000 + 7;
    flow.first_seen = flow.time - 5'000'000;
    flow.last_seen = flow.time + 900'000;
    flow.src = kEnds[random() % kEnds.size()];
    flow.dst = kEnds[random() % kEnds.size()];
    flow.tuple = {.src = IpAddress::v4(0x0a000000U + random() % 64),
                  .dst = random() % 2 == 0 ? IpAddress::v4(0x0a010000U + random() % 64)
                                           : *IpAddress::parse("fd00::17"),
                  .src_port = static_cast<std::uint16_t>(random()),
                  .dst_port = static_cast<std::uint16_t>(random() % 2 == 0 ? 443 : 5432),
                  .protocol = random() % 3 == 0 ? kProtoUdp : kProtoTcp};
    flow.direction = kDirections[random() % 3];
    flow.verdict = "open";
    flow.interface = "veth0";
    flow.forward = {random() % 100, random() % 100'000};
    flow.reverse = {random() % 100, random() % 100'000};
    flow.client_trouble.retransmits = random() % 3;
    flow.server_trouble.resets = random() % 2;
    flow.rtt = static_cast<Micros>(random() % 3 * 1'250);
    flow.handshake = 300;
    flow.began = true;
  }
  return batch;
}

}  // namespace netprobe::testing
