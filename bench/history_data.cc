// SPDX-License-Identifier: Apache-2.0
#include "history_data.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace netprobe::bench {
namespace {

constexpr std::size_t kNamespaces = 12;
constexpr std::size_t kWorkloads = 150;
constexpr std::size_t kPairs = 6000;
constexpr std::size_t kLive = 20'000;
constexpr std::size_t kNodes = 8;
constexpr std::array<std::uint16_t, 8> kPorts{443, 8080, 5432, 6379, 53, 9092, 80, 9090};
constexpr std::array<std::string_view, 8> kComms{"java",  "python3",  "nginx",        "node",
                                                 "envoy", "postgres", "redis-server", "app"};

}  // namespace

// NOLINTNEXTLINE: the same in every run
HistoryData::HistoryData(std::uint32_t seed) : random_(seed) {
  make_pods();
  make_pairs();
  live_.resize(kLive);
  for (Live& live : live_) renew(live);
}

void HistoryData::make_pods() {
  for (std::size_t w = 0; w < kWorkloads; ++w) {
    const std::size_t count = 1 + below(20);
    const std::string name = fmt::format("service-{}", w);
    SharedLabels labels(std::vector<std::pair<std::string, std::string>>{
        {"app.kubernetes.io/name", name},
        {"app.kubernetes.io/part-of", fmt::format("team-{}", w % 9)},
        {"pod-template-hash", fmt::format("{:08x}", random_() & 0xffffffffU)},
        {"version", fmt::format("v{}", 1 + w % 4)}});
    workloads_.emplace_back(pods_.size(), count);
    for (std::size_t p = 0; p < count; ++p) {
      auto identity = std::make_shared<Identity>();
      const std::size_t node = below(kNodes);
      identity->name = fmt::format("{}-{:08x}-{:05x}", name, w * 2654435761U & 0xffffffffU,
                                   random_() & 0xfffffU);
      identity->name_space = fmt::format("namespace-{}", w % kNamespaces);
      identity->workload_kind = "Deployment";
      identity->workload = name;
      identity->node = fmt::format("worker-{}.example.internal", node);
      identity->zone = fmt::format("zone-{}", node % 3);
      identity->labels = labels;
      auto process = std::make_shared<ProcessRef>();
      process->pid = static_cast<std::uint32_t>(1000 + below(60'000));
      process->comm = kComms.at(w % kComms.size());
      const auto last = static_cast<std::uint32_t>(pods_.size());
      pods_.push_back(
          {.identity = std::move(identity),
           .address = IpAddress::v4(0x0af40000U + static_cast<std::uint32_t>(node << 8U) +
                                    (last & 0xffU) + ((last >> 8U) << 12U)),
           .process = std::move(process)});
    }
  }
}

void HistoryData::make_pairs() {
  std::vector<IdentityPtr> services;
  for (std::size_t w = 0; w < kWorkloads; ++w) {
    auto service = std::make_shared<Identity>();
    service->kind = IdentityKind::kService;
    service->name = fmt::format("service-{}", w);
    service->name_space = fmt::format("namespace-{}", w % kNamespaces);
    services.push_back(std::move(service));
  }
  for (std::size_t i = 0; i < kPairs; ++i) {
    Pair pair;
    pair.src = &pods_[below(pods_.size())];
    const std::size_t target = below(kWorkloads);
    pair.port = kPorts.at(target % kPorts.size());
    pair.protocol = pair.port == 53 ? kProtoUdp : kProtoTcp;
    pair.rtt = static_cast<Micros>(80 + below(900));
    if (i % 10 == 0) {
      pair.outside = IpAddress::v4(0xcb007100U + static_cast<std::uint32_t>(below(200)));
      pair.rtt = static_cast<Micros>(8'000 + below(90'000));
    } else {
      pair.dst = &pods_[workloads_[target].first + below(workloads_[target].second)];
      pair.service = services[target];
    }
    pairs_.push_back(std::move(pair));
  }
}

void HistoryData::renew(Live& live) {
  // The square of a fraction: some pairs are far busier than others.
  const double fraction = static_cast<double>(below(1U << 20U)) / (1U << 20U);
  live.pair = &pairs_[static_cast<std::size_t>(fraction * fraction * kPairs)];
  live.id = next_id_++;
  live.port = static_cast<std::uint16_t>(32'768 + below(28'000));
  live.first = time();
  live.left = 1 + static_cast<unsigned>(below(8) == 0 ? below(30) : below(2));
  live.began = true;
}

void HistoryData::fill(FlowRecord& record, Live& live) {
  const Pair& pair = *live.pair;
  record.time = time();
  record.tuple = {.src = pair.src->address,
                  .dst = pair.dst != nullptr ? pair.dst->address : pair.outside,
                  .src_port = live.port,
                  .dst_port = pair.port,
                  .protocol = pair.protocol};
  record.src = pair.src->identity;
  record.src_process = pair.src->process;
  record.direction = "egress";
  if (pair.dst != nullptr) {
    record.dst = pair.dst->identity;
    record.direction =
        pair.dst->identity->node == pair.src->identity->node ? "intra-node" : "inter-node";
  }
  record.service = pair.service;
  record.verdict = live.left > 1 ? "open" : "ok";
  record.interface = fmt::format("veth{:08x}", live.id % 1000 * 2654435761U & 0xffffffffU);
  record.flow_id = live.id;
  record.first_seen = live.first;
  record.last_seen = time() + static_cast<Micros>(below(900'000));
  // From a few packets to thousands.
  const auto packets =
      static_cast<std::uint64_t>(std::exp(static_cast<double>(below(900)) / 100.0));
  record.forward = {.packets = packets + 1, .bytes = (packets + 1) * (60 + below(400))};
  record.reverse = {.packets = packets / 2 + 1, .bytes = (packets / 2 + 1) * (60 + below(1300))};
  if (below(50) == 0) record.client_trouble.retransmits = 1 + below(4);
  const bool tcp = pair.protocol == kProtoTcp;
  if (tcp && live.began) record.handshake = pair.rtt + static_cast<Micros>(below(200));
  if (tcp) record.rtt = pair.rtt + static_cast<Micros>(below(50));
  record.tcp_flags = record.reverse_tcp_flags = tcp ? 0x1b : 0;
  record.role = Role::kPod;
  record.began = live.began;
  record.ended = live.left == 1;
  live.began = false;
  if (--live.left == 0) renew(live);
}

std::shared_ptr<HistoryBatch> HistoryData::next(std::size_t flows) {
  auto batch = std::make_shared<HistoryBatch>();
  batch->node = "worker-1.example.internal";
  batch->id = fmt::format("{}/1/{}", batch->node, ++number_);
  batch->flows.resize(flows);
  for (FlowRecord& record : batch->flows) {
    fill(record, live_[below(live_.size())]);
    if (rare_ != 0 && ++made_ % rare_ == 0) record.tuple.dst_port = kRarePort;
    now_ += step_;
  }
  return batch;
}

void HistoryData::add_events(HistoryBatch& batch) {
  static constexpr std::array<std::string_view, 6> kReasons{"NO_SOCKET",        "NETFILTER_DROP",
                                                            "TCP_RFC7323_PAWS", "QUEUE_PURGE",
                                                            "SOCKET_RCVBUFF",   "TC_INGRESS"};
  for (std::size_t i = 0; i < batch.flows.size(); ++i) {
    const FlowRecord& flow = batch.flows[i];
    if (i % 100 == 0) {
      DropEvent& drop = batch.drops.emplace_back();
      static_cast<RecordBase&>(drop) = flow;
      drop.verdict = "dropped";
      drop.reason = kReasons.at(below(below(kReasons.size()) + 1));
      drop.hook = "kfree_skb";
      drop.location = "tcp_v4_rcv+0x1a2";
      drop.packets = 1 + below(9);
      drop.bytes = drop.packets * 60;
    }
    if (i % 20 == 0 && flow.tuple.protocol == kProtoTcp) {
      ConnectionEvent& connection = batch.connections.emplace_back();
      static_cast<RecordBase&>(connection) = flow;
      connection.id = flow.flow_id;
      connection.first_seen = flow.time - static_cast<Micros>(below(600'000'000));
      connection.side = "client";
      connection.bytes_sent = flow.forward.bytes;
      connection.bytes_received = flow.reverse.bytes;
      connection.segments_sent = flow.forward.packets;
      connection.rtt = connection.min_rtt = flow.rtt;
      connection.connect_time = flow.handshake;
    }
  }
}

}  // namespace netprobe::bench
