// SPDX-License-Identifier: Apache-2.0
#include "golden_messages.h"

#include "link/answer_codec.h"
#include "link/names_codec.h"
#include "link/proto/netprobe.pb.h"
#include "link/records_codec.h"
#include "link/sums_codec.h"

namespace netprobe::testing {
namespace {

constexpr Micros kTime = 1'764'000'000'000'000;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

IdentityPtr identity(IdentityKind kind, const std::string& name) {
  auto made = std::make_shared<Identity>();
  made->kind = kind;
  made->name = name;
  made->name_space = "shop";
  made->workload_kind = "Deployment";
  made->workload = "web";
  made->node = "node-1";
  made->zone = "zone-a";
  made->labels = {{"app", "web"}, {"tier", "front"}};
  return made;
}

void fill(RecordBase& record, std::uint16_t port) {
  record.time = kTime + port;
  record.tuple = {ip("10.1.0.1"), ip("fd00::2"), port, 443, kProtoTcp};
  record.src = identity(IdentityKind::kPod, "web-1");
  record.dst = identity(IdentityKind::kNode, "node-2");
  record.service = identity(IdentityKind::kService, "web");
  auto process = std::make_shared<ProcessRef>();
  process->pid = 77;
  process->comm = "curl\xff";  // it need not be UTF-8
  record.src_process = process;
  record.direction = "inter-node";
  record.verdict = "closed";
  record.interface = "eth0";
}

HistoryBatch records() {
  HistoryBatch batch;
  batch.node = "node-1";
  FlowRecord& flow = batch.flows.emplace_back();
  fill(flow, 40'000);
  flow.role = Role::kUplink;
  flow.vni = 7;
  flow.vlan = 12;
  flow.dscp = 46;
  flow.icmp = 0x0301;
  flow.tcp_flags = 0x1b;
  flow.reverse_tcp_flags = 0x12;
  flow.nat = true;
  flow.translated = {ip("10.1.0.1"), ip("10.2.0.9"), 40'000, 8443, kProtoTcp};
  flow.flow_id = 99;
  flow.first_seen = kTime - 5;
  flow.last_seen = kTime + 9;
  flow.forward = {1'000'000'000'000, 2};
  flow.reverse = {3, 4};
  flow.client_trouble = {.retransmits = 1, .out_of_order = 2, .zero_windows = 3, .resets = 4};
  flow.server_trouble = {.retransmits = 5, .resets = 8};
  flow.handshake = 321;
  flow.rtt = 123;
  flow.began = flow.ended = true;
  batch.flows.emplace_back();  // of which nothing is known
  DropEvent& drop = batch.drops.emplace_back();
  fill(drop, 40'001);
  drop.reason = "NO_SOCKET";
  drop.hook = "tcp_v4_rcv";
  drop.location = "tcp_v4_rcv+0x10";
  drop.netns = 4'026'531'840;
  drop.packets = 9;
  drop.bytes = 900;
  ConnectionEvent& connection = batch.connections.emplace_back();
  fill(connection, 40'002);
  connection.id = 4;
  connection.first_seen = kTime - 7;
  connection.side = "client";
  connection.error = "ECONNREFUSED";
  connection.bytes_sent = 5;
  connection.bytes_received = 6;
  connection.connect_time = 17;
  connection.rtt = 18;
  connection.min_rtt = 16;
  AlertEvent& alert = batch.alerts.emplace_back();
  fill(alert, 40'003);
  alert.id = "a1";
  alert.kind = "port_scan";
  alert.severity = "high";
  alert.summary = "a scan";
  alert.count = 3;
  return batch;
}

QueryAnswer answer() {
  QueryAnswer made;
  made.columns = {{.name = "src.ip", .type = FieldType::kAddress},
                  {.name = "src.pod", .type = FieldType::kText},
                  {.name = "count", .type = FieldType::kCount},
                  {.name = "rtt", .type = FieldType::kDuration},
                  {.name = "avg_rtt", .type = FieldType::kDuration, .is_real = true},
                  {.name = "nat", .type = FieldType::kBool}};
  made.rows = {
      {ip("10.0.0.1"), std::string("web-1"), std::uint64_t{7}, std::int64_t{-5}, 0.5, true},
      {ip("fd00::1"), Value(), std::uint64_t{8}, Value(), 1.5, false}};
  made.tier = Tier::kMinute;
  made.resolution = 60'000'000;
  made.since = kTime;
  made.until = kTime + 60'000'000;
  made.kept_since = kTime - 5;
  made.exact = true;
  made.truncated = true;
  made.cursor = "1.2";
  made.warnings = {"a day is missing"};
  made.rows_read = 12;
  made.took = 34;
  return made;
}

std::vector<KubeChange> changes() {
  std::vector<KubeChange> all;
  const auto add = [&]<typename Object>(Object object) {
    all.push_back(
        {.deleted = false,
         .seen = kTime * kMicrosecond,
         .object = std::shared_ptr<const Object>(std::make_shared<Object>(std::move(object)))});
  };
  const auto meta = [](const char* name) {
    return KubeMeta{.name = name, .name_space = "shop", .uid = std::string("uid-") + name};
  };
  KubePod pod;
  pod.meta = meta("web-1");
  pod.labels = {{"app", "web"}};
  pod.ips = {ip("10.0.0.1"), ip("fd00::1")};
  pod.node = "node-1";
  add(pod);
  KubeService service;
  service.meta = meta("web");
  service.cluster_ips = {ip("10.96.0.1")};
  add(service);
  KubeEndpointSlice slice;
  slice.meta = meta("web-abc");
  slice.service = "web";
  add(slice);
  KubeNode node;
  node.meta = meta("node-1");
  node.pod_cidrs = {*IpPrefix::parse("10.1.0.0/24"), *IpPrefix::parse("fd00:1::/64")};
  add(node);
  KubeNamespace space;
  space.meta = meta("shop");
  add(space);
  KubeController controller;
  controller.kind = "ReplicaSet";
  controller.meta = meta("web-rs");
  controller.controller = KubeOwner{"Deployment", "web", "u3"};
  add(controller);
  KubeNetworkPolicy policy;
  policy.meta = meta("deny");
  policy.ingress = true;
  add(policy);
  all.front().deleted = true;
  return all;
}

Snapshot sums() {
  Snapshot snapshot;
  snapshot.started_at = kTime * kMicrosecond;
  WorkloadPair& pair = snapshot.workloads.pairs.emplace_back();
  pair.src = {"shop", "Deployment", "web"};
  pair.dst = {"shop", "StatefulSet", "db"};
  pair.direction = "inter-node";
  pair.flows = 5;
  pair.connections = 4;
  pair.forward = {10, 1000};
  pair.reverse = {20, 2000};
  pair.client_trouble = {.retransmits = 1, .out_of_order = 2, .zero_windows = 3, .resets = 4};
  pair.dropped = 6;
  pair.handshake.counts.assign(kLatencyBounds.size() + 1, 2);
  pair.handshake.sum = 3 * kSecond;
  snapshot.losses = {{"ring", "full", 7}};
  return snapshot;
}

}  // namespace

std::vector<GoldenMessage> golden_messages() {
  std::vector<GoldenMessage> all;
  const auto add = [&](const char* name, const google::protobuf::MessageLite& message) {
    all.push_back({name, message.SerializeAsString()});
  };
  v1::HelloRequest hello;
  hello.set_version("0.1.0");
  hello.set_protocol_oldest(1);
  hello.set_protocol_newest(1);
  hello.set_name("netprobe-server");
  add("hello_request", hello);
  v1::HelloReply greeting;
  greeting.set_node("node-1");
  greeting.set_version("0.1.0");
  greeting.set_protocol_oldest(1);
  greeting.set_protocol_newest(1);
  greeting.set_run_id("run-1");
  greeting.set_started(kTime);
  greeting.set_now(kTime + 5);
  greeting.set_history("duckdb");
  encode_lost(sums().losses, *greeting.mutable_lost());
  add("hello_reply", greeting);
  v1::QueryRequest query;
  query.set_query("flows | count by src.pod");
  query.set_rows(100);
  query.set_rows_read(1000);
  query.set_time(5'000'000);
  query.set_cursor("1.2");
  query.set_live(true);
  query.set_fresh(true);
  add("query_request", query);
  v1::QueryReply reply;
  encode_rows(answer(), 0, 2, *reply.mutable_rows());
  add("query_rows", reply);
  encode_end(answer(), *reply.mutable_end());
  encode_lost(sums().losses, *reply.mutable_end()->mutable_lost());
  add("query_end", reply);
  encode_failure({QueryFailure::Kind::kTooBroad, "too many rows"}, *reply.mutable_failed());
  add("query_failed", reply);
  v1::LiveRequest live;
  live.set_query("dst.port = 443");
  live.set_run_id("run-1/1");
  live.set_after(7);
  add("live_request", live);
  v1::LiveReply told;
  told.set_run_id("run-1/1");
  told.set_sequence(8);
  told.set_lost(3);
  told.set_now(kTime);
  RecordsEncoder().encode(records(), *told.mutable_records());
  add("live_records", told);
  told.clear_records();
  told.mutable_window()->set_begin(kTime);
  told.mutable_window()->set_end(kTime + 5);
  told.mutable_window()->set_folded(true);
  encode_rows(answer(), 0, 2, *told.mutable_window()->mutable_rows());
  add("live_window", told);
  v1::PageRequest page;
  page.set_path("/api/interfaces");
  page.set_query("since=5m");
  add("page_request", page);
  v1::PageReply body;
  body.set_status(200);
  body.set_content_type("application/json");
  body.set_body("{}");
  add("page_reply", body);
  v1::SumsReply pairs;
  pairs.set_run_id("run-1");
  encode_sums(sums(), pairs);
  add("sums_reply", pairs);
  v1::NamesRequest asked;
  asked.set_node("node-1");
  asked.set_version("0.1.0");
  asked.set_run_id("run-1");
  asked.set_after(5);
  add("names_request", asked);
  v1::NamesReply names;
  names.set_run_id("run-1");
  names.set_anew(true);
  names.set_synced(true);
  names.set_sequence(9);
  names.set_last_contact(kTime);
  for (const KubeChange& change : changes()) encode_change(change, *names.add_changes());
  add("names_reply", names);
  return all;
}

}  // namespace netprobe::testing
