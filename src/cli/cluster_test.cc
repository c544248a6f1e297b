// SPDX-License-Identifier: Apache-2.0
// cluster and who as a user runs them, against prepared answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/testing/answers.h"
#include "cli/testing/fake_agent.h"
#include "cli/testing/run.h"

namespace netprobe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace netprobe::testing;

const std::string kCluster =
    R"({"node_count":2,"namespace_count":1,"pod_count":3,"service_count":1,"nodes":[)"
    R"({"name":"node-a","ready":true,"internal_ips":["192.0.2.1","fd00::1"],)"
    R"("pod_cidrs":["10.244.1.0/24"],"zone":"z1","pod_count":2,"kubelet_version":"v1.29.1"},)"
    R"({"name":"node-\u001b[31mb","ready":false,"internal_ips":[],"pod_cidrs":[],"pod_count":1}],)"
    R"("namespaces":[{"name":"shop","pod_count":3,"service_count":1}],)"
    R"("kubernetes":{"state":"synced","server":"https://api:6443","error":""}})";
const std::string kProblem = R"({"status":404,"detail":"no pod has 10.0.0.9"})";

TEST(Cluster, ShowsNodesNamespacesAndWhatDisagrees) {
  FakeAgent agent;
  agent.answer("/api/cluster", kCluster);
  agent.answer("/api/flannel", R"({"findings":[{"kind":"missing_route","what":"no route to b"}]})");
  const auto run = run_netprobe({"cluster", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  for (const char* expected :
       {"2 nodes, 1 namespace, 3 pods, 1 service", "kubernetes: synced, https://api:6443",
        "192.0.2.1, fd00::1", "10.244.1.0/24", "shop", "flannel: no route to b"})
    EXPECT_THAT(run.out, HasSubstr(expected));
  EXPECT_THAT(run.out, Not(HasSubstr("\x1b")));
  EXPECT_EQ(run_netprobe({"cluster", "-o", "json", "--agent", agent.url()}).out, kCluster);
}

TEST(Cluster, SaysThatThereIsNone) {
  FakeAgent agent;
  agent.answer("/api/cluster", R"({"nodes":[],"kubernetes":{"state":"off"}})");
  const auto run = run_netprobe({"cluster", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("kubernetes: off"));
  agent.answer("/api/cluster", "{}");
  EXPECT_EQ(run_netprobe({"cluster", "--agent", agent.url()}).exit_code, 1);
}

TEST(Who, AsksForEachKindUntilOneHasIt) {
  FakeAgent agent;
  agent.answer("/api/query/pod", kProblem, 404, "application/problem+json");
  agent.answer("/api/query/service",
               R"({"ip":"10.96.0.1","service":{"name":"web","namespace":"shop","type":"ClusterIP",)"
               R"("cluster_ips":["10.96.0.1"],"selector":{"app":"web"},"exists":true,)"
               R"("endpoints":[{"ip":"10.244.1.2","pod":"shop/web-1","ready":false}]},)"
               R"("claim":{"from":"2026-01-02T03:04:05.0Z","until":null},"history":[]})");
  const auto run = run_netprobe({"who", "10.96.0.1", "--at", "15m", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  for (const char* expected : {"10.96.0.1 is service shop/web\n", "ClusterIP", "app=web",
                               "shop/web-1 (not ready)", "2026-01-02T03:04:05.0Z"})
    EXPECT_THAT(run.out, HasSubstr(expected));
  EXPECT_THAT(agent.requests(), ElementsAre("/api/query/pod?ip=10.96.0.1&at=15m",
                                            "/api/query/service?ip=10.96.0.1&at=15m"));
}

TEST(Who, TellsWhoElseHadTheAddress) {
  FakeAgent agent;
  agent.answer("/api/query/pod",
               R"({"ip":"10.244.1.2","pod":{"name":"old","namespace":"shop","exists":false,)"
               R"("workload":"Deployment/old","labels":{"a":"b"}},)"
               R"("claim":{"from":"T1","until":"T2"},"history":[)"
               R"({"kind":"pod","name":"shop/old","from":"T1","until":"T2"},)"
               R"({"kind":"pod","name":"shop/new","from":"T2","until":null}]})");
  const auto run = run_netprobe({"who", "10.244.1.2", "--agent", agent.url()});
  for (const char* expected : {"is pod shop/old\n", "gone", "Deployment/old", "a=b",
                               "also had by pod shop/new, T2 to now"})
    EXPECT_THAT(run.out, HasSubstr(expected));
  EXPECT_THAT(run.out, Not(HasSubstr("also had by pod shop/old")));
}

TEST(Who, NobodyIsOneSentence) {
  FakeAgent agent;
  for (const char* kind : {"pod", "service", "node"})
    agent.answer("/api/query/" + std::string(kind), kProblem, 404, "application/problem+json");
  const auto run = run_netprobe({"who", "10.0.0.9", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err, "netprobe: no pod has 10.0.0.9; it is no service's and no node's either\n");
}

TEST(Names, AreShownUnlessAddressesAreWanted) {
  FakeAgent agent;
  const std::string named =
      R"({"id":1,"src_ip":"10.244.1.2","dst_ip":"10.96.0.1","src_port":1000,"dst_port":80,)"
      R"("protocol":"tcp","src_name":"shop/web-1","service":"shop/db","last_seen":""})";
  agent.answer("/api/flows", R"({"flows":[)" + named + R"(],"next_cursor":null})");
  agent.answer("/api/top", R"({"flows":[)" + named + "]}");
  agent.answer("/api/interfaces", kInterfaces);
  agent.answer("/api/stats", stats(0));
  for (const auto& command :
       {std::vector<std::string>{"observe", "--once"}, std::vector<std::string>{"top", "--once"}}) {
    auto arguments = command;
    arguments.insert(arguments.end(), {"--namespace", "shop", "--agent", agent.url()});
    auto run = run_netprobe(arguments);
    EXPECT_THAT(run.out, HasSubstr("shop/web-1:1000")) << run.err;
    EXPECT_THAT(run.out, HasSubstr("shop/db:80"));
    arguments.emplace_back("--addresses");
    run = run_netprobe(arguments);
    EXPECT_THAT(run.out, HasSubstr("10.244.1.2:1000"));
    EXPECT_THAT(run.out, Not(HasSubstr("shop/")));
  }
  EXPECT_EQ(agent.requests().at(0), "/api/flows?limit=1000&namespace=shop");
  EXPECT_EQ(agent.requests().at(2), "/api/top?by=rate&limit=20&namespace=shop");
  const auto json = run_netprobe({"observe", "--once", "-o", "json", "--agent", agent.url()});
  EXPECT_EQ(json.out, named + "\n");
}

}  // namespace
}  // namespace netprobe
