// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "analysis/network_policy/policy_yaml.h"
#include "cli/observed_flows.h"
#include "cli/testing/fake_agent.h"
#include "cli/testing/run.h"
#include "query/query.h"

namespace netprobe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace netprobe::testing;

/// As /api/query answers, with the columns in another order than they were asked for.
std::string answer(const std::string& rows, const std::string& more = "") {
  std::string columns;
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
                           "service.namespace",
                           "service",
                           "sum_connections",
                           "sum_flows",
                           "sum_reverse_packets",
                           "sum_reverse_bytes"})
    columns +=
        std::string(columns.empty() ? "" : ",") + R"({"name":")" + name + R"(","type":"text"})";
  return R"({"query":"q","kind":"flows","columns":[)" + columns + R"(],"rows":[)" + rows +
         R"(],"total":1,"truncated":false,"next_cursor":null,"source":"history","tier":"raw",)"
         R"("exact":true,"since":"2026-01-01T00:00:00Z","kept_since":"2026-01-03T00:00:00Z",)"
         R"("warnings":[],"completeness":{"lost":{"flow.ring_full":3},"complete":false})" +
         more + "}";
}

const std::string kWeb = R"("pod","shop","web","Deployment","10.244.1.2")";
const std::string kDatabase =
    "[" + kWeb +
    R"(,"pod","db","pg","StatefulSet","10.96.0.9",5432,"10.244.2.7",5433,"tcp","db","pg",4,4,40,4000])";
const std::string kScan = R"(["external",null,null,null,"203.0.113.66",)" + kWeb +
                          R"(,22,null,0,"tcp",null,null,0,5,5,200])";
const std::string kDns =
    "[" + kWeb +
    R"(,"pod","kube-system","dns","Deployment","fd00::a",53,"fd00::53",53,"udp","kube-system","kube-dns",0,9,9,900])";

/// `workload` is as the API has it: "Deployment/web".
void answer_pod(FakeAgent& agent, const std::string& ip, const std::string& name_space,
                const std::string& workload, const std::string& labels) {
  agent.answer_target("/api/query/pod?ip=" + ip,
                      R"({"pod":{"namespace":")" + name_space + R"(","workload":")" + workload +
                          R"(","host_network":false,"labels":{)" + labels + "}}}");
}

void answer_nobody(FakeAgent& agent) {
  for (const char* kind : {"pod", "node", "service"})
    agent.answer(std::string("/api/query/") + kind, R"({"detail":"nobody"})", 404);
}

void answer_pods(FakeAgent& agent) {
  answer_nobody(agent);
  answer_pod(agent, "10.244.1.2", "shop", "Deployment/web",
             R"("app":"web","pod-template-hash":"abc")");
  answer_pod(agent, "10.244.2.7", "db", "StatefulSet/pg",
             R"("app":"pg","statefulset.kubernetes.io/pod-name":"pg-0")");
  answer_pod(agent, "fd00%3A%3A53", "kube-system", "Deployment/dns", R"("k8s-app":"kube-dns")");
}

/// A pod of shop/web, or whoever is told of, asks for `to` at a port; `more` is from
/// translated.dst.ip on.
std::string row(const std::string& to, int port, const std::string& more,
                const std::string& from = kWeb) {
  return "[" + from + "," + to + "," + std::to_string(port) + "," + more + "]";
}

ObservedFlows observed(FakeAgent& agent, const std::string& rows) {
  agent.answer("/api/query", answer(rows));
  AgentClient client(agent.url(), {});
  auto flows = fetch_observed(client, {.name_space = "shop", .workload = {}, .since = "7d"});
  EXPECT_TRUE(flows) << (flows ? "" : flows.error().message);
  return flows ? std::move(*flows) : ObservedFlows{};
}

std::size_t count_asked(const FakeAgent& agent, const std::string& path) {
  std::size_t count = 0;
  for (const std::string& each : agent.requests()) count += each.contains(path) ? 1 : 0;
  return count;
}

using Kind = network_policy::End::Kind;
using network_policy::Labels;

const std::string kPlain = R"(null,0,"tcp",null,null,1,1,10,1000)";
const std::string kToPg = R"(null,0,"tcp","db","pg",1,1,10,1000)";

TEST(ObservedFlows, AnAddressThatIsAnothersByNowTellsNothing) {
  FakeAgent agent;
  answer_nobody(agent);
  answer_pod(agent, "10.244.1.2", "shop", "Deployment/web", R"("app":"web")");
  answer_pod(agent, "10.244.1.3", "other", "Deployment/web", R"("app":"stolen")");
  answer_pod(agent, "10.244.1.4", "shop", "StatefulSet/web", R"("app":"stolen")");
  agent.answer_target("/api/query/node?ip=10.244.1.3", R"({"by":"pod"})");
  const auto end = [](const char* workload, const char* ip) {
    return std::string(R"("pod","shop",")") + workload + R"(","Deployment",")" + ip + "\"";
  };
  const auto flows = observed(agent, row(end("web", "10.244.1.3"), 80, kPlain) + "," +
                                         row(end("api", "10.244.1.4"), 80, kPlain));
  ASSERT_EQ(flows.seen.size(), 2U);
  EXPECT_EQ(flows.seen[0].dst.labels, (Labels{{"app", "web"}})) << "of the one that is there";
  EXPECT_FALSE(flows.seen[1].dst.labels);
  EXPECT_FALSE(flows.seen[0].dst.host_network);
}

TEST(ObservedFlows, LooksUpPodsUntilThreeAreThere) {
  FakeAgent agent;
  answer_nobody(agent);
  std::string rows;
  for (int i = 1; i <= 60; ++i)
    rows +=
        (i == 1 ? "" : ",") +
        row(R"("pod","shop","api","Deployment","10.244.3.)" + std::to_string(i) + "\"", 80, kPlain);
  for (const int i : {9, 10, 11, 12})
    answer_pod(agent, "10.244.3." + std::to_string(i), "shop", "Deployment/api",
               R"("app":"api","n":")" + std::to_string(i) + "\"");
  EXPECT_EQ(observed(agent, rows).seen.at(59).dst.labels, (Labels{{"app", "api"}}));
  EXPECT_EQ(count_asked(agent, "/api/query/pod?ip=10.244.3."), 11U);
  FakeAgent empty;
  answer_nobody(empty);
  EXPECT_FALSE(observed(empty, rows).seen.at(59).dst.labels);
  EXPECT_EQ(count_asked(empty, "/api/query/pod?ip=10.244.3."), 32U);
}

TEST(ObservedFlows, AServicesOnlyBackendIsNotAtItsAddress) {
  const auto pg = [](const char* ip) {
    return std::string(R"("pod","db","pg","StatefulSet",")") + ip + "\"";
  };
  FakeAgent agent;
  answer_pods(agent);
  agent.answer_target("/api/query/service?ip=10.96.0.9", "{}");
  agent.answer_target("/api/query/node?ip=10.244.2.7", R"({"by":"pod"})");
  for (const char* ip : {"192.168.1.7", "192.168.1.8"})
    agent.answer_target(std::string("/api/query/node?ip=") + ip, R"({"by":"address"})");
  const auto flows =
      observed(agent, row(pg("10.96.0.9"), 5432, kToPg) + "," +
                          row(pg("192.168.1.7"), 30'432, kToPg) + "," +  // a node port
                          row(pg("10.244.2.7"), 5433, kToPg) + "," +     // as its node sees it
                          row(R"("node",null,null,null,"10.96.0.9")", 443, kToPg) + "," +
                          row(R"("pod","db","exporter","DaemonSet","192.168.1.8")", 9100, kToPg) +
                          "," + row(pg("10.244.2.7"), 31'000, kToPg));
  ASSERT_EQ(flows.seen.size(), 6U);
  for (const std::size_t i : {0U, 1U, 3U}) {
    EXPECT_EQ(flows.seen[i].dst.kind, Kind::kService) << i;
    EXPECT_EQ(name_of(flows.seen[i].dst), "db/pg") << i;
    EXPECT_EQ(flows.seen[i].dst.workload_kind, "") << i;
  }
  EXPECT_EQ(flows.seen[0].port, 5432);
  EXPECT_EQ(flows.seen[2].dst.kind, Kind::kPod);
  EXPECT_FALSE(flows.seen[2].dst.host_network) << "the node's address is not the workload's";
  EXPECT_TRUE(flows.seen[2].dst.labels);
  EXPECT_EQ(flows.seen[4].dst.kind, Kind::kPod);
  EXPECT_TRUE(flows.seen[4].dst.host_network) << "headless, of its node's network";
  EXPECT_EQ(flows.seen[5].dst.kind, Kind::kPod) << "which listens on a port of that range";
  EXPECT_EQ(count_asked(agent, "/api/query/pod?ip=10.96.0.9"), 0U);
}

TEST(ObservedFlows, AServiceWithoutABackendHasItsName) {
  FakeAgent agent;
  answer_pods(agent);
  const auto flows =
      observed(agent, row(R"("external",null,null,null,"10.96.0.9")", 80, kToPg) + "," +
                          row(R"("service",null,null,null,"10.96.0.9")", 80, kToPg));
  ASSERT_EQ(flows.seen.size(), 2U);
  for (const auto& each : flows.seen) {
    EXPECT_EQ(each.dst.kind, Kind::kService);
    EXPECT_EQ(name_of(each.dst), "db/pg");
    EXPECT_EQ(each.service, "db/pg");
  }
}

TEST(ObservedFlows, WhatHasNoConnectionsIsCertainWhereItWasSeenToBegin) {
  const auto certain = [](const std::string& protocol, const std::string& counts) {
    FakeAgent agent;
    answer_pods(agent);
    return observed(agent, row(R"("external",null,null,null,"198.51.100.7")", 40'000,
                               R"(null,0,")" + protocol + R"(",null,null,)" + counts))
        .seen.at(0)
        .certain;
  };
  EXPECT_TRUE(certain("udp", "0,1,5,500"));
  EXPECT_TRUE(certain("sctp", "0,1,5,500"));
  EXPECT_FALSE(certain("udp", "0,0,5,500")) << "it was there before";
  EXPECT_FALSE(certain("udp", "0,1,0,0")) << "nobody answered";
  EXPECT_FALSE(certain("tcp", "0,1,5,500"));
  EXPECT_TRUE(certain("tcp", "1,1,5,500"));
}

TEST(AdviseCommand, AsksWhatTheQueryLanguageHas) {
  for (const char* name : {"shop", "a\"b\\", "x) or (src.ip=1.1.1.1", "*", "none", ""}) {
    const auto query = parse_query(observed_query({name, name, "7d"}), kSecond);
    ASSERT_TRUE(query) << name << ": " << query.error().message;
    EXPECT_EQ(query->kind, RecordKind::kFlow);
  }
}

TEST(AdviseCommand, WritesAPolicyForReview) {
  FakeAgent agent;
  agent.answer("/api/query", answer(kDatabase + "," + kScan + "," + kDns));
  answer_pods(agent);
  const auto run = run_netprobe({"advise", "network-policy", "--namespace", "shop", "--workload",
                                 "web", "--since", "14d", "--agent", agent.url()});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("# For review"));
  EXPECT_THAT(run.out, HasSubstr("# observed since 2026-01-01T00:00:00Z; history begins at "
                                 "2026-01-03T00:00:00Z"));
  EXPECT_THAT(run.out, HasSubstr("cron jobs"));
  EXPECT_THAT(run.out, HasSubstr("# incomplete: lost in this time: 3 of flow.ring_full"));
  EXPECT_THAT(run.out, HasSubstr("left out: 203.0.113.66 to shop/web, tcp 22: nobody answered"));
  EXPECT_THAT(run.out, HasSubstr("13 flows allowed, 0 denied, 0 not to be told, 5 of other pods"))
      << "what comes in is not restricted";
  EXPECT_THAT(run.out, HasSubstr("port: 5433")) << "the backend's";
  EXPECT_THAT(run.out, Not(HasSubstr("port: 5432")));
  EXPECT_THAT(run.out, HasSubstr("\"k8s-app\": \"kube-dns\""));
  EXPECT_THAT(run.out, Not(HasSubstr("pg-0")));
  EXPECT_THAT(run.out, Not(HasSubstr("port: 22")));
  EXPECT_THAT(agent.requests().front(), HasSubstr("since=14d"));
  EXPECT_THAT(agent.requests().front(), HasSubstr("src.namespace%3D%22shop%22"));
}

TEST(AdviseCommand, TellsEchoesOnceAndNeighboursNotAtAll) {
  const auto echo = [](const std::string& target, int id, const std::string& protocol) {
    return "[" + kWeb + R"(,"external",null,null,null,")" + target + R"(",)" + std::to_string(id) +
           R"(,null,0,")" + protocol + R"(",null,null,0,1,1,84])";
  };
  FakeAgent agent;
  agent.answer("/api/query",
               answer(kDatabase + "," + echo("198.51.100.7", 17, "icmp") + "," +
                      echo("198.51.100.7", 18, "icmp") + "," + echo("ff02::1:ff00:1", 0, "icmp6") +
                      "," + echo("fe80::1", 0, "icmp6")));
  answer_pods(agent);
  const auto run = run_netprobe({"advise", "network-policy", "--namespace", "shop", "--workload",
                                 "web", "--agent", agent.url()});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("left out: shop/web to 198.51.100.7, icmp: policies know TCP, UDP "
                                 "and SCTP only (2 flows)"));
  EXPECT_THAT(run.out, Not(HasSubstr("icmp6")));
}

TEST(AdviseCommand, RefusesWhatItCannotDo) {
  FakeAgent agent;
  agent.answer("/api/query", answer(kDatabase));
  answer_nobody(agent);
  const std::vector<std::string> command{"advise",  "network-policy", "--namespace",
                                         "shop",    "--workload",     "web",
                                         "--agent", agent.url()};
  auto run = run_netprobe(command);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("--labels"));
  agent.answer("/api/query/node", R"({"by":"address"})");
  run = run_netprobe(command);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("uses its node's network"));
  agent.answer("/api/query", answer(""));
  run = run_netprobe(command);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("nothing was observed of shop/web"));
  run = run_netprobe({"advise", "network-policy"});
  EXPECT_EQ(run.exit_code, 2);
}

TEST(AdviseCommand, LabelsAreOfOneWorkload) {
  FakeAgent agent;
  answer_pods(agent);
  const auto advise = [&](const std::string& rows, std::vector<std::string> more) {
    agent.answer("/api/query", answer(rows));
    std::vector<std::string> command{"advise", "network-policy", "--namespace",
                                     "shop",   "--agent",        agent.url()};
    command.insert(command.end(), more.begin(), more.end());
    return run_netprobe(command);
  };
  const std::string other = row(R"("external",null,null,null,"198.51.100.7")", 443, kPlain,
                                R"("pod","shop","web","StatefulSet","10.244.1.7")");
  auto run = advise(kDatabase, {"--labels", "app=web"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("say --workload"));
  run = advise("", {"--workload", "web", "--labels", "app=web"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("nothing was observed of shop/web"));
  run = advise(kDatabase + "," + other, {"--workload", "web", "--labels", "app=web"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("shop/web is a Deployment and a StatefulSet"));
  for (const char* flag : {"--labels=a=b", "--any-outside", "--include-unanswered"}) {
    run = advise(kDatabase, {"--check", "policy.yaml", flag});
    EXPECT_EQ(run.exit_code, 2) << flag;
    EXPECT_THAT(run.err, HasSubstr("--check")) << flag;
  }
}

TEST(AdviseCommand, TwoKindsOfOneNameGetTwoPolicies) {
  FakeAgent agent;
  answer_pods(agent);
  answer_pod(agent, "10.244.1.7", "shop", "StatefulSet/web", R"("app":"web","set":"yes")");
  agent.answer("/api/query", answer(kDatabase + "," +
                                    row(R"("external",null,null,null,"198.51.100.7")", 443, kPlain,
                                        R"("pod","shop","web","StatefulSet","10.244.1.7")")));
  const auto run =
      run_netprobe({"advise", "network-policy", "--namespace", "shop", "--agent", agent.url()});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto policies = network_policy::read_policies(run.out, "");
  ASSERT_TRUE(policies);
  ASSERT_EQ(policies->size(), 2U);
  EXPECT_NE(policies->at(0).name, policies->at(1).name);
  EXPECT_THAT(run.out, HasSubstr("it selects the pods of StatefulSet shop/web as well"));
  EXPECT_THAT(run.out, HasSubstr("denies shop/web to 198.51.100.7, tcp 443")) << "of the other";
}

TEST(AdviseCommand, ChecksAPolicyThatIsThere) {
  FakeAgent agent;
  agent.answer("/api/query", answer(kDatabase + "," + kDns));
  answer_pods(agent);
  const std::string path = ::testing::TempDir() + "/netprobe_policy.yaml";
  std::ofstream(path) << "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
                         "metadata: {name: x, namespace: shop}\n"
                         "spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress],\n"
                         "  egress: [{ports: [{port: 5433}]}]}\n";
  auto run = run_netprobe(
      {"advise", "network-policy", "--namespace", "shop", "--check", path, "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("4 flows allowed, 9 denied"));
  EXPECT_THAT(run.out,
              HasSubstr("denies shop/web to kube-system/dns, udp 53: no egress rule has it (9"));
  std::ofstream(path) << "kind: [";
  run = run_netprobe(
      {"advise", "network-policy", "--namespace", "shop", "--check", path, "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("no YAML"));
}

}  // namespace
}  // namespace netprobe
