// SPDX-License-Identifier: Apache-2.0
#include "store/history_records.h"

#include <array>
#include <random>

namespace netprobe::test {
namespace {

IdentityPtr pod(std::uint64_t number) {
  auto identity = std::make_shared<Identity>();
  identity->kind = IdentityKind::kPod;
  identity->name = "web-" + std::to_string(number % 7);
  identity->name_space = std::array{"shop", "db", "it's \\ \"odd\""}.at(number % 3);
  identity->workload_kind = "Deployment";
  identity->workload = "web";
  identity->node = "node-1";
  identity->zone = "zone-a";
  return identity;
}

IpAddress address(std::uint64_t number) {
  if (number % 2 == 0) return IpAddress::v4(0x0a000000U + static_cast<std::uint32_t>(number % 250));
  std::array<std::uint8_t, 16> bytes{0xfd, 0};
  bytes[15] = static_cast<std::uint8_t>(number % 250);
  return IpAddress(std::span<const std::uint8_t, 16>(bytes));
}

void fill_base(RecordBase& record, std::mt19937_64& random, Micros time) {
  record.time = time;
  record.tuple = {address(random()), address(random()),
                  static_cast<std::uint16_t>(30'000 + random() % 30'000),
                  static_cast<std::uint16_t>(random() % 3 == 0 ? 443 : 5432), kProtoTcp};
  record.src = pod(random());
  if (random() % 4 != 0) record.dst = pod(random());
  if (random() % 5 == 0) {
    auto process = std::make_shared<ProcessRef>();
    process->pid = static_cast<std::uint32_t>(random() % 100'000);
    process->comm = std::string("ngi\0nx\xff\n", 8);
    record.src_process = process;
  }
  record.direction = "intra-node";
  record.verdict = "closed";
  record.interface = "veth0";
}

FlowRecord flow(std::mt19937_64& random, Micros time, std::uint64_t id) {
  FlowRecord record;
  fill_base(record, random, time);
  record.flow_id = id;
  record.first_seen = time - 5;
  record.last_seen = time + 700;
  record.forward = {1 + random() % 100, random() % 1'000'000};
  record.reverse = {random() % 100, random() % 1'000'000};
  record.client_trouble.retransmits = random() % 3;
  record.server_trouble.zero_windows = random() % 2;
  record.handshake = random() % 3 == 0 ? static_cast<Micros>(random() % 5'000 + 1) : 0;
  record.rtt = random() % 2 == 0 ? static_cast<Micros>(random() % 50'000 + 1) : 0;
  record.vni = random() % 2 == 0 ? 1 : 0;
  record.began = random() % 2 == 0;
  record.ended = random() % 3 == 0;
  return record;
}

}  // namespace

std::shared_ptr<const HistoryBatch> make_batch(const BatchShape& shape) {
  auto batch = std::make_shared<HistoryBatch>();
  batch->node = "node-1";
  batch->id = batch->node + "/" + shape.lane + "/" + std::to_string(shape.number);
  std::mt19937_64 random(shape.number);
  Micros time = shape.begin;
  for (std::size_t i = 0; i < shape.flows; ++i, time += shape.step)
    batch->flows.push_back(flow(random, time, shape.number * 1'000'000 + i));
  for (std::size_t i = 0; i < shape.drops; ++i, time += shape.step) {
    DropEvent& drop = batch->drops.emplace_back();
    fill_base(drop, random, time);
    drop.reason = "NO_SOCKET";
    drop.hook = "ip_rcv";
    drop.location = "tcp_v4_rcv+0x1f";
    drop.packets = 1 + random() % 9;
    drop.bytes = UINT64_MAX - i;
    drop.netns = 4'026'531'840;
  }
  for (std::size_t i = 0; i < shape.connections; ++i, time += shape.step) {
    ConnectionEvent& connection = batch->connections.emplace_back();
    fill_base(connection, random, time);
    connection.id = UINT64_MAX - i;
    connection.first_seen = time - 1'000'000;
    connection.side = "client";
    connection.error = i % 2 == 0 ? "ECONNREFUSED" : "";
    connection.bytes_sent = random();
    connection.rtt = static_cast<Micros>(random() % 1'000);
  }
  for (std::size_t i = 0; i < shape.alerts; ++i, time += shape.step) {
    AlertEvent& alert = batch->alerts.emplace_back();
    fill_base(alert, random, time);
    alert.id = "alert-" + std::to_string(shape.number) + "-" + std::to_string(i);
    alert.kind = "port_scan";
    alert.severity = "high";
    alert.technique = "T1046";
    alert.summary = "10.0.0.1 asks for many ports; it's \\ a scan";
    alert.evidence = R"({"ports":[1,2,3]})";
    alert.count = i + 1;
  }
  return batch;
}

}  // namespace netprobe::test
