// SPDX-License-Identifier: Apache-2.0
// What conditions mean, on records and on live flows.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "query/evaluate.h"
#include "query/record.h"

namespace {
thread_local std::uint64_t allocations = 0;
}  // namespace

// Counts what a matcher must not do. Both are the C library's below.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

namespace netprobe {
namespace {

constexpr Nanos kNow = 1'764'000'000LL * kSecond;

IdentityPtr pod(const std::string& name, KubeLabels labels) {
  auto identity = std::make_shared<Identity>();
  identity->name = name;
  identity->name_space = "shop";
  identity->workload = "web";
  identity->workload_kind = "Deployment";
  identity->node = "n1";
  identity->labels = std::move(labels);
  return identity;
}

Flow made_flow() {
  Flow flow;
  flow.id = 7;
  flow.tuple = {.src = *IpAddress::parse("10.1.2.3"),
                .dst = *IpAddress::parse("fd00::9"),
                .src_port = 40'000,
                .dst_port = 443,
                .protocol = kProtoTcp};
  flow.forward = {10, 1'000};
  flow.reverse = {20, 50'000};
  flow.first_seen = kNow - 5 * kSecond;
  flow.last_seen = kNow - 3 * kSecond;
  flow.tcp_forward = {.flags = kTcpSyn | kTcpAck, .rsts = 1, .retransmits = 3};
  flow.tcp_reverse = {.flags = kTcpAck, .zero_windows = 2};
  flow.handshake_rtt = 300;  // ns
  flow.rtt = 2 * kMillisecond;
  flow.src_identity = pod("web-1", {{"tier", "front"}, {"app", "web"}});
  flow.client_process = std::make_shared<ProcessRef>(ProcessRef{.pid = 42, .comm = "curl"});
  flow.verdict = "open";
  flow.direction = "inter-node";
  Observation far;
  far.interface = "eth0";
  far.role = Role::kUplink;
  Observation near;
  near.interface = "veth1";
  near.role = Role::kPod;
  flow.observations = {far, near};
  return flow;
}

class Matching : public ::testing::Test {
 protected:
  /// On the flow while it is live and on its record; they must agree.
  bool holds(std::string_view text) const {
    const auto query = parse_query(text, kNow);
    if (!query) {
      ADD_FAILURE() << text << ": " << query.error().message;
      return false;
    }
    const RecordMatcher matcher(*query);
    const bool live = matcher.matches(flow_, "n1");
    EXPECT_EQ(matcher.matches({RecordKind::kFlow, &record_, "n1"}), live) << text;
    return live;
  }

  const Flow flow_ = made_flow();
  const FlowRecord record_ = record_of(flow_);
};

TEST_F(Matching, EveryWayToCompare) {
  for (const char* text : {"src.ip=10.0.0.0/8",
                           "src.ip=10.1.2.3",
                           "dst.ip=fd00::/8",
                           "ip=fd00::9",
                           "src.ip<11.0.0.0",
                           "src.ip=10.1.0.0-10.1.2.3",
                           "port=443",
                           "dst.port in (80, 443)",
                           "dst.port=440-450",
                           "protocol=tcp",
                           "src.pod=web-1",
                           "src.pod=shop/web-1",
                           "pod=web-*",
                           "pod=web-?",
                           "pod=[v-x]eb-1",
                           "src.pod~^web",
                           "src.pod!~^db",
                           "workload=deployment/web",
                           "namespace=shop",
                           "src.node=n1",
                           "observer=n1",
                           "src.label.app=web",
                           "label.tier=fr*",
                           "process=curl",
                           "process=42",
                           "verdict=open",
                           "verdict!=closed",
                           "interface=veth1",
                           "role=pod",
                           "direction=inter-node",
                           "tcp_flags=syn+ack",
                           "tcp_flags~syn",
                           "reverse_tcp_flags=ack",
                           "bytes=1k",
                           "total_bytes=51k",
                           "packets<11",
                           "retransmits>=3",
                           "resets=1",
                           "zero_windows>1",
                           "duration=2s",
                           "rtt=2ms",
                           "handshake=1us",
                           "flows=1",
                           "connections=1",
                           "flow_id=7",
                           "not nat",
                           "not (port=80 or port=81)",
                           "src.ip!=10.1.2.4",
                           "flows"})
    EXPECT_TRUE(holds(text)) << text;
  for (const char* text : {"src.ip=10.2.0.0/16",
                           "ip=::1",
                           "dst.port=80",
                           "dst.port not in (80, 443)",
                           "protocol=udp",
                           "pod=web",
                           "pod=WEB-1",
                           "pod~^eb",
                           "namespace!=shop",
                           "src.label.app=we",
                           "src.label.nothing=web",
                           "process=curl2",
                           "tcp_flags=syn",
                           "tcp_flags~rst",
                           "bytes>1k",
                           "rtt<2ms",
                           "nat",
                           "port!=443",
                           "drops",
                           "connections"})
    EXPECT_FALSE(holds(text)) << text;
}

TEST_F(Matching, WhatIsNotKnownIsNoValue) {
  for (const char* text :
       {"dst.pod=none", "dst.pod!=web-1", "vlan=none", "vni=0", "vni=none",
        "src.label.nothing=none", "icmp_type=none", "not vni<5", "service=none", "not dst.pod~."})
    EXPECT_TRUE(holds(text)) << text;
  for (const char* text : {"dst.pod=*", "dst.pod~.*", "vni<5", "vni>=0", "vlan<4000", "icmp_type<5",
                           "src.pod=none", "rtt=none", "service=?*"})
    EXPECT_FALSE(holds(text)) << text;
}

TEST_F(Matching, LabelsAreAsTheirTextHasThem) {
  for (const KubeLabels& labels :
       {KubeLabels{{"a", "b=c"}}, KubeLabels{{"a=b", "c"}}, KubeLabels{{"z", "1"}, {"a", "x\x1fy"}},
        KubeLabels{{"a", ""}}, KubeLabels{{"a", "2"}, {"a", "1"}}, KubeLabels{}}) {
    FlowRecord record;
    record.src = pod("p", labels);
    const RecordRef ref{RecordKind::kFlow, &record, ""};
    for (const char* key : {"a", "a=b", "z", "\x1fz"}) {
      const std::string text = labels_text(record.src.get());
      const std::string expected(label_in(text, key));
      const Value value = value_of({FieldId::kSrcLabel, key}, ref);
      EXPECT_EQ(value, expected.empty() ? Value{} : Value{expected}) << text << " " << key;
    }
  }
}

TEST_F(Matching, ARecordsKindAndTimeAreLookedAt) {
  Query query;
  query.since = record_.time;
  query.until = record_.time + 1;
  const RecordRef ref{RecordKind::kFlow, &record_, "n1"};
  EXPECT_TRUE(RecordMatcher(query).matches(ref));
  query.until = record_.time;
  EXPECT_FALSE(RecordMatcher(query).matches(ref));
  EXPECT_TRUE(RecordMatcher(query).matches(flow_, "n1")) << "a live flow has no time of its own";
  query = {};
  query.kind = RecordKind::kDrop;
  EXPECT_FALSE(RecordMatcher(query).matches(ref));
  EXPECT_FALSE(RecordMatcher(query).matches(flow_, "n1"));
}

TEST_F(Matching, CostsNoAllocation) {
  const auto query = parse_query(
      "src.ip=10.0.0.0/8 dst.port in (80, 443, 8080) (pod=web-* or pod~db) not label.app=db "
      "workload=deployment/web bytes<1G process!=sshd",
      kNow);
  ASSERT_TRUE(query);
  const RecordMatcher matcher(*query);
  const RecordRef ref{RecordKind::kFlow, &record_, "n1"};
  ASSERT_TRUE(matcher.matches(ref) && matcher.matches(flow_, "n1"));  // the pattern's first states
  const std::uint64_t before = allocations;
  bool all = true;
  for (int i = 0; i < 100; ++i) all = all && matcher.matches(ref) && matcher.matches(flow_, "n1");
  EXPECT_TRUE(all);
  EXPECT_EQ(allocations, before);
}

class Evaluating : public ::testing::Test {
 protected:
  Evaluating() {
    for (int i = 0; i < 10; ++i) {
      FlowRecord record;
      record.time = 60'000'000LL * (i / 2);
      record.flow_id = static_cast<std::uint64_t>(i);
      record.tuple.dst_port = static_cast<std::uint16_t>(i % 2 == 0 ? 80 : 443);
      record.forward.bytes = static_cast<std::uint64_t>(i) * 10;
      record.rtt = i < 5 ? 0 : i * 1'000;
      records_.push_back(record);
    }
    for (const FlowRecord& record : records_) refs_.push_back({RecordKind::kFlow, &record, "n1"});
  }

  std::expected<QueryAnswer, QueryFailure> ask(std::string_view text) {
    const auto query = parse_query(text, kNow);
    EXPECT_TRUE(query) << text << (query ? "" : query.error().message);
    if (query) request_.query = *query;
    return evaluate(request_, refs_);
  }
  /// Rows as texts, to be read at a glance.
  std::string rows(std::string_view text) {
    const auto answer = ask(text);
    if (!answer) return answer.error().message;
    std::string out;
    for (const auto& row : answer->rows) {
      for (const Value& value : row) {
        if (const auto* number = std::get_if<std::uint64_t>(&value)) out += std::to_string(*number);
        if (const auto* number = std::get_if<std::int64_t>(&value)) out += std::to_string(*number);
        if (const auto* number = std::get_if<double>(&value)) out += std::to_string(*number);
        if (std::holds_alternative<std::monostate>(value)) out += "-";
        out += " ";
      }
      out.back() = ';';
    }
    return out;
  }

  std::vector<FlowRecord> records_;
  std::vector<RecordRef> refs_;
  QueryRequest request_;
};

TEST_F(Evaluating, SumsUp) {
  EXPECT_EQ(rows("| count"), "10;");
  EXPECT_EQ(rows("bytes>1k | count, sum bytes, max bytes, avg bytes, distinct dst.port"),
            "0 0 - - 0;");
  EXPECT_EQ(rows("bytes>1k | count by dst.port"), "");
  EXPECT_EQ(rows("| sum bytes by dst.port"), "80 200;443 250;");
  EXPECT_EQ(rows("| sum bytes by dst.port | order by sum_bytes desc | limit 1"), "443 250;");
  EXPECT_EQ(rows("| avg rtt, min rtt, max rtt, p50 rtt, p100 rtt"),
            "7000.000000 5000 9000 7000 9000;");
  EXPECT_EQ(rows("| p10 bytes, p11 bytes"), "0 10;") << "a tenth of ten is one";
  EXPECT_EQ(rows("| count every 2m"), "0 4;120000000 4;240000000 2;");
  EXPECT_EQ(rows("| peak bytes by dst.port"), "80 80;443 90;");
  EXPECT_EQ(rows("| peak bytes"), "170;");
  EXPECT_EQ(rows("| rate bytes every 1m | limit 2"), "0 0.166667;60000000 0.833333;");
  EXPECT_EQ(rows("| histogram rtt"), "5000 1;10000 4;");
  EXPECT_EQ(rows("| histogram bytes"), "1 1;16 1;32 2;64 3;128 3;");
}

TEST_F(Evaluating, SaysWhyNot) {
  EXPECT_TRUE(rows("| rate bytes").contains("time range or a step"));
  request_.cursor = "nonsense";
  EXPECT_TRUE(rows("flows").contains("cursor"));
  request_.cursor.clear();
  request_.cancelled->store(true);
  auto answer = ask("flows");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, QueryFailure::Kind::kCancelled);
  request_.cancelled->store(false);
  request_.limits.time = 0;
  answer = ask("| count");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, QueryFailure::Kind::kTooBroad);
}

TEST_F(Evaluating, IsNewestFirstInPages) {
  request_.limits.rows = 3;
  std::string all;
  for (int page = 0; page < 5; ++page) {
    all += rows("| fields flow_id");
    const auto answer = evaluate(request_, refs_);
    ASSERT_TRUE(answer);
    request_.cursor = answer->cursor;
    if (request_.cursor.empty()) break;
    EXPECT_TRUE(answer->truncated);
  }
  EXPECT_EQ(all, "8;9;6;7;4;5;2;3;-;1;") << "as `flow_id` is no field that 0 is a value of";
}

}  // namespace
}  // namespace netprobe
