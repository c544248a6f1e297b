// SPDX-License-Identifier: Apache-2.0
#include "api/observed_flows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "api/advise_query.h"
#include "api/testing/clusters.h"
#include "query/query.h"

namespace netprobe {
namespace {

using network_policy::End;
using network_policy::Labels;
using network_policy::Observed;
using ::testing::ElementsAre;
using testing::ip;
using testing::kStart;

/// A row of the answer, as it is most of the time.
struct Flows {
  std::string src_kind = "pod", src_space = "shop", src_workload = "web",
              src_workload_kind = "Deployment", src = "10.244.1.2";
  std::string dst_kind = "pod", dst_space = "db", dst_workload = "pg",
              dst_workload_kind = "StatefulSet", dst = "10.244.2.7";
  std::uint64_t port = 5432;
  std::string behind{};
  std::uint64_t behind_port = 0;
  std::uint64_t protocol = kProtoTcp;
  std::string service{}, service_space{};
  std::uint64_t connections = 1, flows = 1, back = 10, back_bytes = 1000;
};

Value text(const std::string& value) { return value.empty() ? Value() : Value(value); }
Value address(const std::string& value) {
  return value.empty() ? Value() : Value(ip(value.c_str()));
}

QueryAnswer answer_of(const std::vector<Flows>& rows) {
  QueryAnswer answer;
  for (const char* name : {"src.kind",
                           "src.namespace",
                           "src.workload",
                           "src.workload.kind",
                           "src.ip",
                           "dst.kind",
                           "dst.namespace",
                           "dst.workload",
                           "dst.workload.kind",
                           "dst.ip",
                           "dst.port",
                           "translated.dst.ip",
                           "translated.dst.port",
                           "protocol",
                           "service",
                           "service.namespace",
                           "sum_connections",
                           "sum_flows",
                           "sum_reverse_packets",
                           "sum_reverse_bytes"})
    answer.columns.push_back({.name = name, .type = FieldType::kText});
  for (const Flows& each : rows)
    answer.rows.push_back({text(each.src_kind),
                           text(each.src_space),
                           text(each.src_workload),
                           text(each.src_workload_kind),
                           address(each.src),
                           text(each.dst_kind),
                           text(each.dst_space),
                           text(each.dst_workload),
                           text(each.dst_workload_kind),
                           address(each.dst),
                           each.port,
                           address(each.behind),
                           each.behind_port,
                           each.protocol,
                           text(each.service),
                           text(each.service_space),
                           each.connections,
                           each.flows,
                           each.back,
                           each.back_bytes});
  return answer;
}

class ObservedFlowsTest : public ::testing::Test {
 protected:
  ObservedFlowsTest() {
    snapshot->retired_rx = {};
    for (auto& each : snapshot->interfaces) each.rx = each.tx = {};
    have("10.244.1.2", "shop", "Deployment", "web", {{"app", "web"}});
    have("10.244.2.7", "db", "StatefulSet", "pg", {{"app", "pg"}});
    view.service_addresses.push_back(
        {ip("10.96.0.9"), testing::make_identity(IdentityKind::kService, "db", "pg"), kStart, 0});
  }
  void have(const char* where, const std::string& name_space, const std::string& kind,
            const std::string& workload, KubeLabels labels, bool host_network = false) {
    auto pod = std::make_shared<Identity>();
    pod->name_space = name_space;
    pod->workload_kind = kind;
    pod->workload = workload;
    pod->labels = std::move(labels);
    pod->host_network = host_network;
    view.claims.push_back({ip(where), pod, kStart, 0});
  }
  void have_node(const char* where) {
    view.claims.push_back(
        {ip(where), testing::make_identity(IdentityKind::kNode, "", "node-z"), kStart, 0});
  }
  Observed observed(const std::vector<Flows>& rows) { return observed(answer_of(rows)); }
  Observed observed(const QueryAnswer& answer) {
    std::ranges::sort(view.claims, {}, &AddressClaim::address);
    snapshot->kube = std::make_shared<const KubeView>(view);
    const Query query;
    return observed_flows(
        {.query = query, .answer = answer, .snapshot = *snapshot, .history = &status});
  }

  std::shared_ptr<Snapshot> snapshot = testing::make_snapshot(0);
  KubeView view;
  HistoryStatus status;
};

TEST_F(ObservedFlowsTest, TakesTheBackendAndItsPort) {
  const auto seen = observed({{.dst = "10.96.0.9",
                               .behind = "10.244.2.7",
                               .behind_port = 5433,
                               .service = "pg",
                               .service_space = "db",
                               .flows = 4}})
                        .seen;
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(name_of(seen[0].dst), "db/pg");
  EXPECT_EQ(seen[0].dst.kind, End::Kind::kPod);
  EXPECT_EQ(seen[0].dst.labels, (Labels{{"app", "pg"}}));
  EXPECT_EQ(seen[0].port, 5433);
  EXPECT_EQ(seen[0].service, "db/pg");
  EXPECT_EQ(seen[0].flows, 4U);
  EXPECT_TRUE(seen[0].answered);
  EXPECT_TRUE(seen[0].certain);
}

TEST_F(ObservedFlowsTest, AnAddressThatIsAnothersByNowTellsNothing) {
  have("10.244.1.3", "other", "Deployment", "web", {{"app", "stolen"}});
  have("10.244.1.4", "shop", "StatefulSet", "api", {{"app", "stolen"}});
  const auto seen = observed({{.dst_space = "shop",
                               .dst_workload = "web",
                               .dst_workload_kind = "Deployment",
                               .dst = "10.244.1.3"},
                              {.dst_space = "shop",
                               .dst_workload = "api",
                               .dst_workload_kind = "Deployment",
                               .dst = "10.244.1.4"}})
                        .seen;
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].dst.labels, (Labels{{"app", "web"}})) << "of the one that is there";
  EXPECT_FALSE(seen[1].dst.labels);
  EXPECT_FALSE(seen[0].dst.host_network);
}

TEST_F(ObservedFlowsTest, LabelsAreThoseThatAllPodsHave) {
  std::vector<Flows> rows;
  for (int i = 1; i <= 60; ++i)
    rows.push_back({.dst_workload = "api", .dst = "10.244.3." + std::to_string(i)});
  for (const int i : {9, 40, 60})
    have(rows[static_cast<std::size_t>(i - 1)].dst.c_str(), "db", "StatefulSet", "api",
         {{"app", "api"}, {"n", std::to_string(i)}});
  for (const auto& each : observed(rows).seen) EXPECT_EQ(each.dst.labels, (Labels{{"app", "api"}}));
}

TEST_F(ObservedFlowsTest, AServicesOnlyBackendIsNotAtItsAddress) {
  have_node("192.168.1.7");
  have_node("192.168.1.8");
  const auto to = [](const char* where, std::uint64_t port) {
    return Flows{.dst = where, .port = port, .service = "pg", .service_space = "db"};
  };
  Flows kubelet = to("10.96.0.9", 443);
  kubelet.dst_kind = "node";
  Flows exporter = to("192.168.1.8", 9100);
  exporter.dst_workload = "exporter";
  exporter.dst_workload_kind = "DaemonSet";
  const auto seen = observed({to("10.96.0.9", 5432), to("192.168.1.7", 30'432),
                              to("10.244.2.7", 5433), kubelet, exporter, to("10.244.2.7", 31'000)})
                        .seen;
  ASSERT_EQ(seen.size(), 6U);
  for (const std::size_t i : {0U, 1U, 3U}) {
    EXPECT_EQ(seen[i].dst.kind, End::Kind::kService) << i;
    EXPECT_EQ(name_of(seen[i].dst), "db/pg") << i;
    EXPECT_EQ(seen[i].dst.workload_kind, "") << i;
  }
  EXPECT_EQ(seen[0].port, 5432);
  EXPECT_EQ(seen[2].dst.kind, End::Kind::kPod);
  EXPECT_FALSE(seen[2].dst.host_network) << "the node's address is not the workload's";
  EXPECT_TRUE(seen[2].dst.labels);
  EXPECT_EQ(seen[4].dst.kind, End::Kind::kPod);
  EXPECT_TRUE(seen[4].dst.host_network) << "headless, of its node's network";
  EXPECT_EQ(seen[5].dst.kind, End::Kind::kPod) << "which listens on a port of that range";
}

TEST_F(ObservedFlowsTest, AServiceWithoutABackendHasItsName) {
  for (const char* kind : {"external", "service"}) {
    const auto seen = observed({{.dst_kind = kind,
                                 .dst_space = "",
                                 .dst_workload = "",
                                 .dst_workload_kind = "",
                                 .dst = "10.96.0.9",
                                 .service = "pg",
                                 .service_space = "db"}})
                          .seen;
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].dst.kind, End::Kind::kService) << kind;
    EXPECT_EQ(name_of(seen[0].dst), "db/pg");
    EXPECT_EQ(seen[0].service, "db/pg");
  }
}

TEST_F(ObservedFlowsTest, WhatHasNoConnectionsIsCertainWhereItWasSeenToBegin) {
  const auto certain = [&](std::uint64_t protocol, std::uint64_t connections, std::uint64_t began,
                           std::uint64_t back) {
    return observed({{.dst_kind = "external",
                      .dst = "198.51.100.7",
                      .port = 40'000,
                      .protocol = protocol,
                      .connections = connections,
                      .flows = began,
                      .back = back,
                      .back_bytes = back * 100}})
        .seen.at(0)
        .certain;
  };
  EXPECT_TRUE(certain(kProtoUdp, 0, 1, 5));
  EXPECT_TRUE(certain(kProtoSctp, 0, 1, 5));
  EXPECT_FALSE(certain(kProtoUdp, 0, 0, 5)) << "it was there before";
  EXPECT_FALSE(certain(kProtoUdp, 0, 1, 0)) << "nobody answered";
  EXPECT_FALSE(certain(kProtoTcp, 0, 1, 5));
  EXPECT_TRUE(certain(kProtoTcp, 1, 1, 5));
}

TEST_F(ObservedFlowsTest, ARefusalIsNoAnswer) {
  const auto seen = observed({{.connections = 0, .flows = 5, .back = 5, .back_bytes = 200},
                              {.connections = 0, .flows = 0, .back = 5, .back_bytes = 200}})
                        .seen;
  EXPECT_FALSE(seen.at(0).answered);
  EXPECT_TRUE(seen.at(1).answered) << "one that was there before";
}

TEST_F(ObservedFlowsTest, NeighboursThatLookForEachOtherAreLeftOut) {
  const auto seen =
      observed(
          {{.dst_kind = "external", .dst = "ff02::1:ff00:1", .protocol = kProtoIcmp6},
           {.dst_kind = "external", .dst = "fe80::1", .protocol = kProtoIcmp6},
           {.dst_kind = "external", .dst = "2001:db8::1", .port = 17, .protocol = kProtoIcmp6}})
          .seen;
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].port, 0) << "an identifier is no port";
}

TEST_F(ObservedFlowsTest, SaysWhatIsMissing) {
  QueryAnswer answer = answer_of({{}});
  answer.since = kStart / kMicrosecond;
  answer.kept_since = kStart / kMicrosecond + 1'000'000;
  answer.warnings = {"a file could not be read"};
  answer.sources = QuerySources{.asked = 2, .answered = 1, .missing = {}, .lost = {}};
  status.lost = {{"queue_full", 3}, {"retention", 9}};
  const Observed seen = observed(answer);
  EXPECT_EQ(seen.since, "2023-11-14T22:13:20.000000000Z");
  EXPECT_EQ(seen.kept_since, "2023-11-14T22:13:21.000000000Z");
  EXPECT_THAT(seen.warnings,
              ElementsAre("a file could not be read", "lost in this time: 3 of history.queue_full",
                          "not all agents answered: what was seen there alone is missing"));
}

TEST(ObservedQuery, IsOneOfTheQueryLanguage) {
  for (const char* name : {"shop", "a\"b\\", "x) or (src.ip=1.1.1.1", "*", "none"}) {
    const auto query = parse_query(observed_query(name, name), kSecond);
    ASSERT_TRUE(query) << name << ": " << query.error().message;
    EXPECT_EQ(query->kind, RecordKind::kFlow);
  }
}

}  // namespace
}  // namespace netprobe
