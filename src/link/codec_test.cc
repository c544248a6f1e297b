// SPDX-License-Identifier: Apache-2.0
// Records, answers and names as messages and back; and messages that cannot be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "link/answer_codec.h"
#include "link/names_codec.h"
#include "link/proto/netprobe.pb.h"
#include "link/protocol.h"
#include "link/records_codec.h"
#include "query/evaluate.h"

namespace netprobe {
namespace {

using ::testing::HasSubstr;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

IdentityPtr pod(const std::string& name, KubeLabels labels) {
  auto identity = std::make_shared<Identity>();
  identity->name = name;
  identity->name_space = "shop";
  identity->workload_kind = "Deployment";
  identity->workload = "web";
  identity->node = "node-1";
  identity->zone = "a";
  identity->labels = std::move(labels);
  return identity;
}

/// A record that has everything.
FlowRecord full_flow(std::uint64_t i) {
  static const IdentityPtr kPod = pod("web-1", {{"app", "web"}, {"note", "a=b c"}});
  FlowRecord flow;
  flow.time = 1'764'000'000'000'000 + static_cast<Micros>(i);
  flow.tuple = {ip("10.1.0.1"), ip("fd00::2"), static_cast<std::uint16_t>(i), 443, kProtoTcp};
  flow.src = kPod;
  auto node = std::make_shared<Identity>();
  node->kind = IdentityKind::kNode;
  node->name = "node-2";
  flow.dst = node;
  auto service = std::make_shared<Identity>();
  service->kind = IdentityKind::kService;
  service->name = "web";
  service->name_space = "shop";
  flow.service = service;
  auto process = std::make_shared<ProcessRef>();
  process->pid = 77;
  process->comm = "curl";
  flow.src_process = process;
  flow.direction = "inter-node";
  flow.verdict = "closed";
  flow.interface = i % 2 == 0 ? "eth0" : "a-name-that-is-longer-than-most";
  flow.role = Role::kUplink;
  flow.vni = 7;
  flow.vlan = i % 2 == 0 ? kNoVlan : 12;
  flow.dscp = 46;
  flow.icmp = 0x0301;
  flow.tcp_flags = 0x1b;
  flow.reverse_tcp_flags = 0x12;
  flow.nat = true;
  flow.translated = {ip("10.1.0.1"), ip("10.2.0.9"), static_cast<std::uint16_t>(i), 8443,
                     kProtoTcp};
  flow.flow_id = UINT64_MAX - i;
  flow.first_seen = flow.time - 5;
  flow.last_seen = flow.time + 9;
  flow.forward = {UINT64_MAX, 2};
  flow.reverse = {3, 4};
  flow.client_trouble = {.retransmits = 1, .out_of_order = 2, .zero_windows = 3, .resets = 4};
  flow.server_trouble = {.retransmits = 5, .out_of_order = 6, .zero_windows = 7, .resets = 8};
  flow.handshake = 321;
  flow.rtt = 123;
  flow.began = true;
  flow.ended = i % 2 == 0;
  return flow;
}

/// Every field of a record, as a query sees it.
std::vector<Value> values(RecordKind kind, const RecordBase& record) {
  std::vector<Value> result;
  for (const Field& field : fields())
    if (field.of(kind)) result.push_back(value_of({field.id, "app"}, {kind, &record, "n"}));
  return result;
}

template <typename Record>
void expect_same(RecordKind kind, const std::vector<Record>& a, const std::vector<Record>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(values(kind, a[i]), values(kind, b[i])) << i;
}

HistoryBatch full_batch() {
  HistoryBatch batch;
  batch.node = "node-1";
  for (std::uint64_t i = 0; i < 50; ++i) batch.flows.push_back(full_flow(i));
  batch.flows.emplace_back();  // of which nothing is known
  DropEvent drop;
  drop.time = 5;
  drop.reason = "NO_SOCKET";
  drop.hook = "tcp_v4_rcv";
  drop.packets = 9;
  batch.drops = {drop, DropEvent{}};
  ConnectionEvent connection;
  connection.id = 4;
  connection.side = "client";
  connection.error = "ECONNREFUSED";
  connection.connect_time = 17;
  batch.connections = {connection};
  AlertEvent alert;
  alert.id = "a1";
  alert.summary = std::string(3000, 's');
  alert.count = 3;
  batch.alerts = {alert};
  return batch;
}

TEST(RecordsCodec, GivesBackWhatItWasGiven) {
  const HistoryBatch batch = full_batch();
  RecordsEncoder encoder;
  for (int round = 0; round < 2; ++round) {  // its memory is used again
    v1::Records message;
    encoder.encode(batch, message);
    v1::Records arrived;
    ASSERT_TRUE(arrived.ParseFromString(message.SerializeAsString()));
    const auto back = decode_records(arrived);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->node, "node-1");
    expect_same(RecordKind::kFlow, batch.flows, back->flows);
    expect_same(RecordKind::kDrop, batch.drops, back->drops);
    expect_same(RecordKind::kConnection, batch.connections, back->connections);
    expect_same(RecordKind::kAlert, batch.alerts, back->alerts);
    EXPECT_EQ(back->flows[0].src, back->flows[1].src);  // shared
    EXPECT_EQ(back->flows[0].src->labels.size(), 2U);
    EXPECT_EQ(back->flows[0].src_process, back->flows[1].src_process);
    EXPECT_EQ(back->flows[50].vlan, kNoVlan);
    EXPECT_EQ(back->flows[50].src, nullptr);
    EXPECT_EQ(back->connections[0].id, 4U);
  }
}

TEST(RecordsCodec, LeavesOutColumnsOfWhichNothingIsKnown) {
  HistoryBatch batch;
  FlowRecord flow;
  flow.time = 1;
  flow.forward.packets = 2;
  batch.flows = {flow};
  v1::Records message;
  RecordsEncoder().encode(batch, message);
  EXPECT_EQ(message.flows().columns_size(), 3);  // and the role
}

TEST(RecordsCodec, PassesOverWhatALaterVersionAdds) {
  v1::Records message;
  RecordsEncoder().encode(full_batch(), message);
  v1::Column& column = *message.mutable_flows()->add_columns();
  column.set_name("colour_of_the_packet");
  column.add_texts("blue");  // and nothing that fits the rows
  for (v1::Column& known : *message.mutable_flows()->mutable_columns())
    if (known.name() == "direction" || known.name() == "src_kind" || known.name() == "role")
      for (std::string& text : *known.mutable_texts())
        if (!text.empty()) text = "sideways";
  const auto back = decode_records(message);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->flows[0].direction, "");
  EXPECT_EQ(back->flows[0].role, Role::kHost);
  EXPECT_EQ(back->flows[0].src->name, "web-1");
}

TEST(RecordsCodec, ReadsWhatAnEarlierVersionLeavesOut) {
  v1::Records message;
  RecordsEncoder().encode(full_batch(), message);
  message.mutable_flows()->mutable_columns()->DeleteSubrange(3, 40);
  const auto back = decode_records(message);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->flows.size(), 51U);
  EXPECT_EQ(back->flows[0].time, full_flow(0).time);
}

TEST(RecordsCodec, RefusesWhatCannotBe) {
  const auto refused = [](const auto& spoil) {
    v1::Records message;
    RecordsEncoder().encode(full_batch(), message);
    spoil(*message.mutable_flows());
    const auto back = decode_records(message);
    return back ? std::string("taken") : back.error().message;
  };
  const auto column = [](v1::Table& table, const std::string& name) -> v1::Column& {
    for (v1::Column& one : *table.mutable_columns())
      if (one.name() == name) return one;
    return *table.add_columns();
  };
  EXPECT_THAT(refused([](v1::Table& t) { t.set_rows(4'000'000'000U); }), HasSubstr("rows"));
  EXPECT_THAT(refused([](v1::Table& t) { t.set_rows(50); }), HasSubstr("51 values for 50 rows"));
  EXPECT_THAT(refused([&](v1::Table& t) { column(t, "src_port").set_numbers(3, 70'000); }),
              HasSubstr("'src_port' has a number that is too large"));
  EXPECT_THAT(refused([&](v1::Table& t) { column(t, "src_name").set_words(2, 2); }),
              HasSubstr("'src_name' names text 2 of 2"));
  EXPECT_THAT(refused([&](v1::Table& t) { column(t, "src_ip").mutable_addresses()->pop_back(); }),
              HasSubstr("'src_ip'"));
  EXPECT_THAT(refused([&](v1::Table& t) { column(t, "time").clear_integers(); }),
              HasSubstr("'time' has 0 values"));
  EXPECT_THAT(refused([&](v1::Table& t) {
                for (int i = 0; i < 600; ++i) t.add_columns();
              }),
              HasSubstr("columns"));
}

TEST(RecordsCodec, BoundsWhatADictionaryCanMakeOfAFewBytes) {
  v1::Records message;
  v1::Table& table = *message.mutable_flows();
  constexpr int kRows = 60'000;
  table.set_rows(kRows);
  v1::Column& column = *table.add_columns();
  column.set_name("interface");
  column.add_texts(std::string(1 << 20, 'x'));
  for (int i = 0; i < kRows; ++i) column.add_words(0);
  const auto back = decode_records(message);
  ASSERT_FALSE(back);
  EXPECT_THAT(back.error().message, HasSubstr("too long"));
}

TEST(AnswerCodec, RefusesWhatCannotBe) {
  QueryAnswer answer;
  answer.columns = {{.name = "a", .type = FieldType::kText}};
  answer.rows = {{std::string("x")}, {Value()}};
  v1::Table table;
  encode_rows(answer, 0, 2, table);
  const auto refused = [&](const auto& spoil) {
    v1::Table copy = table;
    spoil(copy);
    QueryAnswer back;
    TextBudget budget;
    const auto done = decode_rows(copy, budget, back);
    return done ? std::string("taken") : done.error().message;
  };
  EXPECT_EQ(refused([](v1::Table&) {}), "taken");
  EXPECT_THAT(refused([](v1::Table& t) { t.mutable_columns(0)->set_words(0, 9); }),
              HasSubstr("names text 9"));
  EXPECT_THAT(refused([](v1::Table& t) { t.mutable_columns(0)->add_numbers(1); }),
              HasSubstr("values for 2 rows"));
  EXPECT_THAT(refused([](v1::Table& t) { t.mutable_columns(0)->set_known("abc"); }),
              HasSubstr("which are known"));
  EXPECT_THAT(refused([](v1::Table& t) { t.set_rows(1'000'000); }), HasSubstr("rows"));
  QueryAnswer other;
  other.columns = {{.name = "b", .type = FieldType::kText}};
  TextBudget budget;
  EXPECT_FALSE(decode_rows(table, budget, other));
}

template <typename Ptr, typename Object>
KubeChange change_of(Object object) {
  return {.deleted = true,
          .seen = 7 * kMicrosecond,
          .object = Ptr(std::make_shared<Object>(std::move(object)))};
}

KubeChange there_and_back(const KubeChange& change) {
  v1::NameChange message;
  encode_change(change, message);
  v1::NameChange arrived;
  EXPECT_TRUE(arrived.ParseFromString(message.SerializeAsString()));
  auto back = decode_change(arrived);
  EXPECT_TRUE(back) << back.error().message;
  // What comes back says the same again.
  v1::NameChange again;
  encode_change(*back, again);
  EXPECT_EQ(again.DebugString(), message.DebugString());
  return *back;
}

TEST(NamesCodec, GivesBackEveryKindOfObject) {
  KubePod pod;
  pod.meta = {
      .name = "p", .name_space = "s", .uid = "u", .created = kSecond, .deletion = 2 * kSecond};
  pod.labels = {{"a", "b"}, {"c", "d"}};
  pod.controller = KubeOwner{"ReplicaSet", "rs", "u2"};
  pod.node = "n";
  pod.phase = "Running";
  pod.ips = {ip("10.0.0.1"), ip("fd00::1")};
  pod.host_network = true;
  pod.started = 3 * kSecond;
  pod.containers = {{.name = "c", .id = "i", .started = kSecond, .finished = 2 * kSecond}};
  pod.ports = {{.name = "http", .port = 80, .protocol = 17, .node_port = 30'000}};
  const auto back = there_and_back(change_of<KubePodPtr>(pod));
  EXPECT_TRUE(back.deleted);
  EXPECT_EQ(back.seen, 7 * kMicrosecond);
  const auto& same = *std::get<KubePodPtr>(back.object);
  EXPECT_EQ(same.ips, pod.ips);
  EXPECT_EQ(same.labels, pod.labels);
  EXPECT_EQ(same.controller->uid, "u2");
  EXPECT_EQ(same.ports[0].node_port, 30'000);

  KubeService service;
  service.meta.name = "s";
  service.cluster_ips = {ip("10.96.0.1")};
  service.selector = {{"app", "web"}};
  there_and_back(change_of<KubeServicePtr>(service));
  KubeEndpointSlice slice;
  slice.meta.name = "e";
  slice.endpoints = {{.addresses = {ip("10.0.0.2")}, .ready = false, .node = "n", .pod = "p"}};
  there_and_back(change_of<KubeEndpointSlicePtr>(slice));
  KubeNode node;
  node.meta.name = "n";
  node.pod_cidrs = {*IpPrefix::parse("10.1.0.0/24"), *IpPrefix::parse("fd00:1::/64")};
  const auto same_node = there_and_back(change_of<KubeNodePtr>(node));
  EXPECT_EQ(std::get<KubeNodePtr>(same_node.object)->pod_cidrs, node.pod_cidrs);
  KubeNamespace space;
  space.meta.name = "shop";
  there_and_back(change_of<KubeNamespacePtr>(space));
  KubeController controller;
  controller.kind = "ReplicaSet";
  controller.meta.name = "rs";
  controller.controller = KubeOwner{"Deployment", "web", "u3"};
  there_and_back(change_of<KubeControllerPtr>(controller));
  KubeNetworkPolicy policy;
  policy.meta.name = "deny";
  policy.ingress = true;
  there_and_back(change_of<KubeNetworkPolicyPtr>(policy));
}

TEST(NamesCodec, LeavesOutAddressesThatAreNone) {
  v1::NameChange message;
  message.mutable_pod()->mutable_meta()->set_name("p");
  message.mutable_pod()->add_ips("short");
  message.mutable_pod()->add_ports()->set_port(70'000);
  const auto back = decode_change(message);
  ASSERT_TRUE(back);
  EXPECT_TRUE(std::get<KubePodPtr>(back->object)->ips.empty());
  EXPECT_TRUE(std::get<KubePodPtr>(back->object)->ports.empty());
  EXPECT_FALSE(decode_change(v1::NameChange()));
  message.mutable_pod()->mutable_meta()->clear_name();
  EXPECT_FALSE(decode_change(message));
}

TEST(Protocol, FindsWhatBothSpeak) {
  EXPECT_EQ(*common_protocol({1, 3}, {2, 5}, "x", "0.1.0"), 3U);
  EXPECT_EQ(*common_protocol({2, 5}, {1, 3}, "x", "0.1.0"), 3U);
  EXPECT_EQ(*common_protocol({1, 1}, {0, 0}, "x", "0.1.0"), 1U);  // says nothing
  const auto old = common_protocol({3, 4}, {1, 2}, "the agent at x", "0.1.0");
  ASSERT_FALSE(old);
  EXPECT_THAT(old.error().message, HasSubstr("the agent at x speaks protocols 1 to 2"));
  EXPECT_THAT(old.error().message, HasSubstr("bring the other side up to date"));
  EXPECT_THAT(common_protocol({1, 1}, {2, 2}, "x", "0.1.0").error().message,
              HasSubstr("bring this side"));
}

}  // namespace
}  // namespace netprobe
