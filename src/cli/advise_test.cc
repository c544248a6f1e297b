// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

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

void answer_pods(FakeAgent& agent) {
  agent.answer("/api/query/pod", R"({"detail":"no pod"})", 404);
  agent.answer("/api/query/node", R"({"detail":"no node"})", 404);
  const auto pod = [&](const std::string& ip, const std::string& labels) {
    agent.answer_target("/api/query/pod?ip=" + ip,
                        R"({"pod":{"host_network":false,"labels":{)" + labels + "}}}");
  };
  pod("10.244.1.2", R"("app":"web","pod-template-hash":"abc")");
  pod("10.244.2.7", R"("app":"pg","statefulset.kubernetes.io/pod-name":"pg-0")");
  pod("fd00%3A%3A53", R"("k8s-app":"kube-dns")");
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
  const auto row = [](const std::string& target, int id, const std::string& protocol) {
    return "[" + kWeb + R"(,"external",null,null,null,")" + target + R"(",)" + std::to_string(id) +
           R"(,null,0,")" + protocol + R"(",null,null,0,1,1,84])";
  };
  FakeAgent agent;
  agent.answer("/api/query",
               answer(kDatabase + "," + row("198.51.100.7", 17, "icmp") + "," +
                      row("198.51.100.7", 18, "icmp") + "," + row("ff02::1:ff00:1", 0, "icmp6") +
                      "," + row("fe80::1", 0, "icmp6")));
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
  agent.answer("/api/query/pod", R"({"detail":"no pod"})", 404);
  agent.answer("/api/query/node", R"({"detail":"no node"})", 404);
  const std::vector<std::string> command{"advise",  "network-policy", "--namespace",
                                         "shop",    "--workload",     "web",
                                         "--agent", agent.url()};
  auto run = run_netprobe(command);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("--labels"));
  agent.answer("/api/query/node", "{}");
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
