// SPDX-License-Identifier: Apache-2.0
#include "records.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "model/verdict.h"

namespace netprobe::test {
namespace {

using namespace std::string_literals;

constexpr std::array<std::string_view, 3> kNodes{"n1", "n2", "knoten-ü"};
constexpr std::array<std::string_view, 5> kDirections{"", "intra-node", "inter-node", "ingress",
                                                      "egress"};

}  // namespace

const std::vector<std::string>& RandomRecords::names() {
  static const std::vector<std::string> kNames{
      "web-1",      "web-10",        "web",
      "db",         "db-0",          "WEB-1",
      "it's",       "back\\slash",   "new\nline",
      "tab\there",  "semi;colon--",  "x'); DROP TABLE flows; --",
      "\"quoted\"", "ünïcode",       "日本語",
      "😀",         "a b",           "%",
      "_",          "*star*",        "que?tion",
      "[br]acket",  "a=b",           "nul\0byte"s,
      "cr\r",       "\x1funit",      "$1",
      "{brace}",    "/* comment */", "'",
      "\\",         "\\'",           "''"};
  return kNames;
}

const std::vector<std::string>& RandomRecords::label_keys() {
  static const std::vector<std::string> kKeys{"app", "app.kubernetes.io/name", "it's", "a", "a=b"};
  return kKeys;
}

RandomRecords::RandomRecords(std::uint32_t seed, std::size_t of_each_kind)
    : random_(seed), refs_(kRecordKinds) {
  make_parts();
  for (const std::string_view node : kNodes) {
    auto batch = std::make_shared<HistoryBatch>();
    batch->node = node;
    batch->id = batch->node + "/test/1";
    const std::size_t share = of_each_kind / kNodes.size();
    batch->flows.resize(share);
    batch->drops.resize(share);
    batch->connections.resize(share);
    batch->alerts.resize(share);
    for (auto& record : batch->flows) fill(record);
    for (auto& record : batch->drops) fill(record);
    for (auto& record : batch->connections) fill(record);
    for (auto& record : batch->alerts) fill(record);
    batches_.push_back(batch);
    const auto add = [&](RecordKind kind, const auto& records) {
      for (const auto& record : records)
        refs_[static_cast<std::size_t>(kind)].push_back({kind, &record, batch->node});
    };
    add(RecordKind::kFlow, batch->flows);
    add(RecordKind::kDrop, batch->drops);
    add(RecordKind::kConnection, batch->connections);
    add(RecordKind::kAlert, batch->alerts);
  }
  for (auto& refs : refs_) std::ranges::shuffle(refs, random_);
}

void RandomRecords::make_parts() {
  for (const char* text : {"::", "10.0.0.1", "10.0.0.2", "10.0.255.255", "10.1.0.0", "192.168.1.1",
                           "0.0.0.0", "255.255.255.255", "fd00::1", "fd00::2", "fdff::1", "fe80::1",
                           "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::a"})
    addresses_.push_back(*IpAddress::parse(text));
  identities_.push_back(nullptr);
  const std::vector<std::string> kinds{"", "Deployment", "DaemonSet"};
  for (int i = 0; i < 24; ++i) {
    auto identity = std::make_shared<Identity>();
    identity->kind = static_cast<IdentityKind>(rarely() ? below(4) : 0);
    identity->name = one_of(names());
    if (below(5) != 0) identity->name_space = one_of(names());
    identity->workload_kind = one_of(kinds);
    if (!identity->workload_kind.empty()) identity->workload = one_of(names());
    if (below(3) != 0) identity->node = kNodes.at(below(kNodes.size()));
    if (below(3) == 0) identity->zone = "zone-" + std::to_string(below(2));
    KubeLabels labels;
    for (const std::string& key : label_keys())
      if (below(2) == 0) labels.emplace_back(key, rarely() ? std::string() : one_of(names()));
    std::ranges::shuffle(labels, random_);
    identity->labels = labels;
    identities_.push_back(std::move(identity));
  }
  processes_.push_back(nullptr);
  for (int i = 0; i < 6; ++i) {
    auto process = std::make_shared<ProcessRef>();
    process->pid = static_cast<std::uint32_t>(rarely() ? UINT32_MAX : below(5));
    process->comm = one_of(names());
    processes_.push_back(std::move(process));
  }
}

Micros RandomRecords::some_duration() {
  switch (below(4)) {
    case 0:
      return 0;
    case 1:
      return static_cast<Micros>(below(3) * 50);  // on a bound of a histogram
    case 2:
      return static_cast<Micros>(below(20'000'000));
    default:
      return static_cast<Micros>(below(2'000));
  }
}

std::uint64_t RandomRecords::some_count() {
  switch (below(4)) {
    case 0:
      return 0;
    case 1:
      return 1ULL << below(45);
    case 2:
      return below(1ULL << 45);
    default:
      return below(10);
  }
}

void RandomRecords::fill_base(RecordBase& record) {
  // A tenth of a second of each minute, so that many have the same time.
  record.time = kSince + static_cast<Micros>(below(240) * 60'000'000 + below(6) * 100'003);
  record.tuple = {.src = one_of(addresses_),
                  .dst = one_of(addresses_),
                  .src_port = static_cast<std::uint16_t>(rarely() ? 0 : below(4) * 20'000),
                  .dst_port = static_cast<std::uint16_t>(rarely() ? 65'535 : 80 + below(3)),
                  .protocol = std::array<std::uint8_t, 6>{0, 1, 6, 17, 58, 132}.at(below(6))};
  record.src = one_of(identities_);
  record.dst = one_of(identities_);
  record.service = rarely() ? one_of(identities_) : nullptr;
  record.src_process = one_of(processes_);
  record.dst_process = one_of(processes_);
  record.direction = kDirections.at(below(kDirections.size()));
  if (below(3) != 0) record.verdict = one_of(verdict_names());
  if (below(3) != 0) record.interface = one_of(names());
}

void RandomRecords::fill(FlowRecord& record) {
  fill_base(record);
  record.flow_id = next_id_++;
  record.first_seen = record.time - some_duration();
  record.last_seen = record.first_seen + some_duration();
  record.nat = rarely();
  if (record.nat)
    record.translated = {.src = one_of(addresses_),
                         .dst = one_of(addresses_),
                         .src_port = static_cast<std::uint16_t>(below(3)),
                         .dst_port = static_cast<std::uint16_t>(below(65'536)),
                         .protocol = record.tuple.protocol};
  record.forward = {some_count(), some_count()};
  record.reverse = {some_count(), some_count()};
  if (rarely()) record.client_trouble = {some_count(), below(3), below(3), below(3)};
  if (rarely()) record.server_trouble = {below(3), some_count(), below(3), below(3)};
  record.handshake = some_duration();
  record.rtt = some_duration();
  record.vni = rarely() ? 0 : static_cast<std::uint32_t>(below(3));
  if (rarely()) record.vlan = static_cast<std::uint16_t>(below(3));
  record.icmp = static_cast<std::uint16_t>(below(4) * 256 + below(3));
  record.tcp_flags = static_cast<std::uint8_t>(below(32));
  record.reverse_tcp_flags = static_cast<std::uint8_t>(rarely() ? 0 : below(256));
  record.dscp = static_cast<std::uint8_t>(below(3) * 8);
  record.role = static_cast<Role>(below(6));
  record.began = rarely();
  record.ended = rarely();
}

void RandomRecords::fill(DropEvent& record) {
  fill_base(record);
  record.reason = one_of(names());
  record.hook = rarely() ? "" : "netfilter";
  record.location = "place+" + std::to_string(next_id_++);
  record.packets = some_count();
  record.bytes = some_count();
  record.netns = rarely() ? UINT64_MAX - below(2) : below(3);
}

void RandomRecords::fill(ConnectionEvent& record) {
  fill_base(record);
  record.id = next_id_++;
  record.first_seen = record.time - some_duration();
  record.netns = below(3);
  record.side = std::array<std::string_view, 3>{"client", "server", "unknown"}.at(below(3));
  record.error = rarely() ? "ECONNREFUSED" : "";
  record.bytes_sent = some_count();
  record.bytes_received = some_count();
  record.retransmits = below(4);
  record.segments_sent = some_count();
  record.connect_time = some_duration();
  record.rtt = some_duration();
  record.min_rtt = some_duration();
}

void RandomRecords::fill(AlertEvent& record) {
  fill_base(record);
  record.id = "alert-" + std::to_string(next_id_++);
  record.kind = one_of(names());
  record.severity =
      std::array<std::string_view, 5>{"info", "low", "medium", "high", "critical"}.at(below(5));
  record.technique = rarely() ? "" : "T1046";
  record.summary = one_of(names());
  record.evidence = R"({"ports": [1, 2], "note": "it's \"here\""})";
  record.count = some_count();
  record.first_seen = record.time - some_duration();
  record.last_seen = record.time;
}

}  // namespace netprobe::test
