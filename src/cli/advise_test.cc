// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "cli/testing/fake_agent.h"
#include "cli/testing/run.h"

namespace netprobe {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace netprobe::testing;

constexpr const char* kPath = "/api/advise/network-policy";

/// As /api/advise/network-policy answers.
std::string answer(const std::string& yaml, const std::string& without = "") {
  return R"({"namespace":"shop","workload":null,"policies":[],"without_policy":[)" + without +
         R"(],"yaml":")" + yaml + R"(","observed":["observed since then"]})";
}

std::string problem(const std::string& detail) { return R"({"detail":")" + detail + R"("})"; }

class AdviseCommand : public ::testing::Test {
 protected:
  RunResult advise(const std::vector<std::string>& more) {
    std::vector<std::string> command{"advise", "network-policy", "--namespace",
                                     "shop",   "--agent",        agent.url()};
    command.insert(command.end(), more.begin(), more.end());
    return run_netprobe(command);
  }
  /// As a problem document.
  void refuse(int status, const std::string& detail) {
    agent.answer(kPath, problem(detail), status, "application/problem+json");
  }
  FakeAgent agent;
};

TEST_F(AdviseCommand, WritesPoliciesAsTheyCome) {
  agent.answer(kPath, answer("---\\nkind: NetworkPolicy\\n"));
  const auto run = advise({"--workload", "web api", "--since", "14d", "--labels", "app=web,t=a",
                           "--any-outside", "--include-unanswered"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "---\nkind: NetworkPolicy\n");
  EXPECT_THAT(agent.requests().front(),
              AllOf(HasSubstr("namespace=shop"), HasSubstr("workload=web%20api"),
                    HasSubstr("since=14d"), HasSubstr("labels=app%3Dweb%2Ct%3Da"),
                    HasSubstr("any_outside=true"), HasSubstr("include_unanswered=true")));
  ASSERT_EQ(advise({}).exit_code, 0);
  EXPECT_THAT(agent.requests().back(), AllOf(HasSubstr("since=7d"), Not(HasSubstr("workload")),
                                             Not(HasSubstr("labels")), Not(HasSubstr("true"))));
}

TEST_F(AdviseCommand, SaysOfWhomThereIsNoPolicy) {
  const std::string without = R"({"workload":"db","workload_kind":"Pod","why":"not known: db"})";
  agent.answer(kPath, answer("---\\n", without));
  auto run = advise({});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.out, "---\n");
  EXPECT_THAT(run.err, HasSubstr("not known: db"));
  agent.answer(kPath, answer("", without));
  run = advise({});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("not known: db"));
}

TEST_F(AdviseCommand, SaysWhatTheAgentSays) {
  refuse(404, "nothing was observed of shop since 7d");
  auto run = advise({});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("nothing was observed of shop since 7d"));
  refuse(400, "labels are those of one workload");
  run = advise({"--labels", "a=b"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("labels are those of one workload"));
  agent.answer(kPath, "<html>");
  run = advise({});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("no JSON"));
}

TEST_F(AdviseCommand, RefusesWrongUsage) {
  EXPECT_EQ(run_netprobe({"advise", "network-policy"}).exit_code, 2);
  for (const char* flag : {"--labels=a=b", "--any-outside", "--include-unanswered"}) {
    const auto run = advise({"--check", "policy.yaml", flag});
    EXPECT_EQ(run.exit_code, 2) << flag;
    EXPECT_THAT(run.err, HasSubstr("--check")) << flag;
  }
}

TEST_F(AdviseCommand, ChecksAPolicyThatIsThere) {
  agent.answer(kPath, R"({"replay":{"denied":9,"words":["9 denied","  denies a to b"]},)"
                      R"("observed":["observed since then"]})");
  const std::string path = ::testing::TempDir() + "/netprobe_policy.yaml";
  std::ofstream(path) << "kind: Secret\n---\n"
                         "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
                         "metadata: {name: x}\n"
                         "spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress],\n"
                         "  egress: [{ports: [{port: 5433}]}]}\n";
  auto run = advise({"--check", path});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, "observed since then\n9 denied\n  denies a to b\n");
  EXPECT_THAT(agent.last_head(), HasSubstr("POST /api/advise/network-policy?namespace=shop"));
  EXPECT_THAT(agent.last_body(),
              AllOf(HasSubstr("5433"), HasSubstr("namespace: \"shop\""), Not(HasSubstr("Secret"))));
  std::ofstream(path) << "kind: [";
  run = advise({"--check", path});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("no YAML"));
  run = advise({"--check", path + ".none"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("cannot read"));
}

}  // namespace
}  // namespace netprobe
