// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_policy/policy_maker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/network_policy/policy_match.h"
#include "analysis/network_policy/policy_name.h"
#include "analysis/network_policy/testing/made_flows.h"
#include "model/flow.h"

namespace netprobe::network_policy {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using namespace netprobe::network_policy::testing;

Advice made(const std::vector<Seen>& flows, const MakerOptions& options = {}) {
  auto advice = make_policy(web(), flows, options);
  EXPECT_TRUE(advice) << (advice ? "" : advice.error().message);
  return advice ? std::move(*advice) : Advice{};
}

std::string refused(const Subject& subject, const std::vector<Seen>& flows) {
  const auto advice = make_policy(subject, flows);
  return advice ? "a policy was made" : advice.error().message;
}

const Seen kDatabase = seen(pod("shop", "web"), pod("db", "postgres", "10.244.2.9"), 5432);

TEST(PolicyMaker, LetsThroughWhatWasSeenAndNothingElse) {
  const std::vector<Seen> flows{
      kDatabase, seen(pod("shop", "web"), pod("kube-system", "coredns", "fd00::53"), 53, kProtoUdp),
      seen(pod("ingress", "nginx"), pod("shop", "web"), 8080),
      seen(pod("ingress", "nginx"), pod("shop", "api"), 8080),  // another's
  };
  const Advice advice = made(flows);
  EXPECT_EQ(advice.policy.name, "web-observed");
  EXPECT_EQ(advice.flows, 3U);
  EXPECT_EQ(advice.policy.pods.labels, (Labels{{"app", "web"}})) << "without the template's hash";
  ASSERT_EQ(advice.policy.ingress.size(), 1U);
  ASSERT_EQ(advice.policy.egress.size(), 2U);
  const std::vector<Policy> policies{advice.policy};
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(judge(policies, flows[i]).ruling, Ruling::kAllowed) << i;
  EXPECT_EQ(judge(policies, flows[3]).ruling, Ruling::kNotSelected);
  // As close to it as can be.
  const auto denied = [&](const Seen& other) {
    return judge(policies, other).ruling == Ruling::kDenied;
  };
  EXPECT_TRUE(denied(seen(pod("shop", "web"), pod("db", "postgres"), 5433)));
  EXPECT_TRUE(denied(seen(pod("shop", "web"), pod("db", "postgres"), 5432, kProtoUdp)));
  EXPECT_TRUE(denied(seen(pod("shop", "web"), pod("db2", "postgres"), 5432)));
  EXPECT_TRUE(denied(seen(pod("shop", "web"), pod("db", "mysql"), 5432)));
  EXPECT_TRUE(denied(seen(pod("db", "postgres"), pod("shop", "web"), 5432))) << "the other way";
  EXPECT_TRUE(denied(seen(outside("10.244.2.9"), pod("shop", "web"), 8080)));
}

TEST(PolicyMaker, PeersOfTheSamePortsShareARule) {
  const Advice advice = made(
      {seen(pod("a", "x"), pod("shop", "web"), 80), seen(pod("b", "y"), pod("shop", "web"), 80),
       seen(pod("c", "z"), pod("shop", "web"), 80), seen(pod("c", "z"), pod("shop", "web"), 81)});
  ASSERT_EQ(advice.policy.ingress.size(), 2U);
  EXPECT_EQ(advice.policy.ingress[0].peers.size(), 2U);
}

TEST(PolicyMaker, LeavesOutAttemptsThatNobodyAnswered) {
  Seen scan = seen(outside("203.0.113.66"), pod("shop", "web"), 22);
  scan.answered = false;
  scan.flows = 7;
  const Advice advice = made({kDatabase, scan});
  EXPECT_TRUE(advice.policy.ingress.empty());
  EXPECT_FALSE(advice.policy.isolates_ingress) << "an empty list would cut all off";
  EXPECT_THAT(advice.remarks,
              Contains(HasSubstr("left out: 203.0.113.66 to shop/web, tcp 22: nobody answered")));
  EXPECT_THAT(advice.remarks, Contains(HasSubstr("(7 flows)")));
  EXPECT_THAT(advice.remarks, Contains(HasSubstr("what comes in is not restricted")));
  EXPECT_EQ(made({scan}, {.unanswered = true}).policy.ingress.size(), 1U);
}

TEST(PolicyMaker, AnAnswerWhoseQuestionWasNotSeenMakesNoRule) {
  Seen turned = seen(pod("db", "postgres"), pod("shop", "web"), 40'123);
  turned.certain = false;
  const Advice advice = made({kDatabase, turned});
  EXPECT_TRUE(advice.policy.ingress.empty());
  EXPECT_THAT(advice.remarks, Contains(HasSubstr("may be the answer of the other side")));
  turned.certain = true;  // passive FTP and its like
  EXPECT_EQ(made({turned}).policy.ingress.size(), 1U);
}

TEST(PolicyMaker, WhatCannotBeNamedIsSaidAndNotWidened) {
  End unknown = pod("batch", "old");
  unknown.labels.reset();
  End hashed = pod("batch", "hashed");
  hashed.labels = Labels{{"pod-template-hash", "1"}, {"controller-revision-hash", "2"}};
  End service = pod("pay", "api", "10.96.0.9");
  service.kind = End::Kind::kService;
  Seen behind = seen(pod("shop", "web"), service, 443);
  behind.service = "pay/api";
  const Advice advice =
      made({kDatabase, seen(pod("shop", "web"), unknown, 80), seen(pod("shop", "web"), hashed, 80),
            behind, seen(pod("shop", "web"), outside("192.0.2.1"), 0, kProtoIcmp)});
  ASSERT_EQ(advice.policy.egress.size(), 1U);
  EXPECT_EQ(advice.flows, 1U);
  EXPECT_THAT(advice.remarks, Contains(HasSubstr("labels of batch/old are not known")));
  EXPECT_THAT(advice.remarks, Contains(HasSubstr("labels of batch/hashed are not known")));
  EXPECT_THAT(advice.remarks, Contains(HasSubstr("which pods stand behind service pay/api")));
  EXPECT_THAT(advice.remarks, Contains(HasSubstr("TCP, UDP and SCTP only")));
}

TEST(PolicyMaker, RefusesWhatWouldCutOffOrNotApply) {
  EXPECT_THAT(refused(web(), {}), HasSubstr("nothing was observed"));
  EXPECT_THAT(refused(web(), {seen(pod("a", "x"), pod("b", "y"), 80)}),
              HasSubstr("nothing was observed"));
  Subject host = web();
  host.host_network = true;
  EXPECT_THAT(refused(host, {kDatabase}), HasSubstr("does not apply"));
  Subject bare = web();
  bare.labels.reset();
  EXPECT_THAT(refused(bare, {kDatabase}), HasSubstr("--labels"));
  bare.labels = Labels{{"pod-template-hash", "x"}};
  EXPECT_THAT(refused(bare, {kDatabase}), HasSubstr("--labels"));
  Subject stateful = web();
  stateful.workload_kind = "StatefulSet";  // of the same name
  EXPECT_THAT(refused(stateful, {kDatabase}), HasSubstr("nothing was observed"));
}

TEST(PolicyMaker, APortThatWasNotSeenIsNotAllPorts) {
  const Advice advice = made({kDatabase, seen(pod("shop", "web"), pod("db", "mysql"), 0)});
  ASSERT_EQ(advice.policy.egress.size(), 1U);
  EXPECT_EQ(advice.policy.egress[0].ports.at(0).first, 5432);
  EXPECT_THAT(advice.remarks, Contains(HasSubstr("db/mysql, tcp: its port was not seen")));
  EXPECT_THAT(refused(web(), {seen(pod("a", "x"), pod("shop", "web"), 0)}),
              HasSubstr("nothing was observed"));
}

TEST(PolicyMaker, SaysWhoElseItSelects) {
  End canary = pod("shop", "web-canary", "10.244.1.9");
  canary.labels = Labels{{"app", "web"}, {"track", "canary"}};
  End elsewhere = canary;
  elsewhere.name_space = "test";
  End host = canary;
  host.workload = "web-host";
  host.host_network = true;
  const std::vector<Seen> flows{kDatabase, seen(canary, pod("db", "postgres"), 6379),
                                seen(elsewhere, pod("db", "postgres"), 6379),
                                seen(host, pod("db", "postgres"), 6379)};
  const Advice advice = made(flows);
  EXPECT_THAT(advice.remarks,
              Contains(HasSubstr("the pods of Deployment shop/web-canary as well")));
  EXPECT_THAT(advice.remarks,
              Not(Contains(HasSubstr("it selects the pods of Deployment shop/web "))));
  EXPECT_THAT(advice.remarks, Not(Contains(HasSubstr("test/web-canary"))));
  EXPECT_THAT(advice.remarks, Not(Contains(HasSubstr("web-host"))));
  EXPECT_EQ(judge({&advice.policy, 1}, flows[1]).ruling, Ruling::kDenied);
  EXPECT_THAT(made({kDatabase}).remarks, Not(Contains(HasSubstr("it selects"))));
}

TEST(PolicyMaker, NamesOfPoliciesAreOfOneWorkload) {
  EXPECT_EQ(policy_name("Deployment", "web", false), "web-observed");
  EXPECT_EQ(policy_name("Deployment", "", false), "observed");
  const std::string deployment = policy_name("Deployment", "web", true);
  EXPECT_THAT(deployment, MatchesRegex("web-[0-9a-f]{8}-observed"));
  EXPECT_NE(deployment, policy_name("StatefulSet", "web", true));
  EXPECT_EQ(made({kDatabase}, {.name_is_shared = true}).policy.name, deployment);
  const std::string long_name(50, 'a');
  EXPECT_EQ(policy_name("Deployment", long_name, false), long_name + "-observed");
  EXPECT_NE(policy_name("Deployment", long_name + "b", false),
            policy_name("Deployment", long_name + "c", false));
  EXPECT_LE(policy_name("Deployment", std::string(253, 'a'), false).size(), 253U);
  EXPECT_THAT(policy_name("Deployment", "web.v2", false), MatchesRegex("web-v2-[0-9a-f]{8}-obs.*"));
  EXPECT_THAT(policy_name("Pod", "--", false), MatchesRegex("[0-9a-f]{8}-observed"));
}

TEST(PolicyMaker, NodesAndTheirPodsAreAddresses) {
  End kubelet = outside("fd00::10");
  kubelet.kind = End::Kind::kNode;
  End exporter = pod("monitoring", "node-exporter", "192.168.1.11");
  exporter.host_network = true;
  const Advice advice =
      made({seen(kubelet, pod("shop", "web"), 8080), seen(pod("shop", "web"), exporter, 9100)});
  ASSERT_EQ(advice.policy.ingress.size(), 1U);
  EXPECT_EQ(advice.policy.ingress[0].peers.at(0).block->to_string(), "fd00::10/128");
  EXPECT_FALSE(advice.policy.ingress[0].peers.at(0).remark.empty());
  EXPECT_EQ(advice.policy.egress.at(0).peers.at(0).block->to_string(), "192.168.1.11/32");
}

std::vector<std::string> joined(const std::vector<std::string>& addresses, std::size_t most) {
  std::vector<IpAddress> list;
  for (const auto& each : addresses) list.push_back(*IpAddress::parse(each));
  const auto blocks = join_addresses(list, most);
  if (!blocks) return {"none"};
  std::vector<std::string> text;
  for (const IpPrefix& each : *blocks) text.push_back(each.to_string());
  return text;
}

TEST(PolicyMaker, AddressesAreJoinedAsLittleAsItTakes) {
  EXPECT_THAT(joined({"192.0.2.1", "192.0.2.1", "198.51.100.1"}, 2),
              ElementsAre("192.0.2.1/32", "198.51.100.1/32"));
  EXPECT_THAT(joined({"192.0.2.1", "192.0.2.0", "198.51.100.1"}, 2),
              ElementsAre("192.0.2.0/31", "198.51.100.1/32"));
  EXPECT_THAT(joined({"192.0.2.1", "192.0.2.200", "198.51.100.1"}, 2),
              ElementsAre("192.0.2.0/24", "198.51.100.1/32"));
  EXPECT_THAT(joined({"2001:db8::1", "2001:db8::2", "192.0.2.1"}, 2),
              ElementsAre("192.0.2.1/32", "2001:db8::/126"));
  EXPECT_THAT(joined({"192.0.2.1", "198.51.100.1", "203.0.113.1"}, 2), ElementsAre("none"));
  EXPECT_THAT(joined({"192.0.2.1", "2001:db8::1"}, 1), ElementsAre("none"));
}

TEST(PolicyMaker, TheWholeInternetOnlyWhereItIsAskedFor) {
  std::vector<Seen> flows{kDatabase};
  for (int i = 1; i < 200; ++i)
    flows.push_back(seen(pod("shop", "web"), outside(std::to_string(i) + ".1.2.3"), 443));
  const Advice advice = made(flows);
  ASSERT_EQ(advice.policy.egress.size(), 1U);
  EXPECT_THAT(advice.remarks, Contains(HasSubstr("--any-outside")));
  const Advice any = made(flows, {.any_outside = true});
  ASSERT_EQ(any.policy.egress.size(), 2U);
  EXPECT_THAT(any.remarks, Contains(HasSubstr("all addresses are let through")));
  for (const Seen& each : flows) EXPECT_EQ(judge({&any.policy, 1}, each).ruling, Ruling::kAllowed);
}

}  // namespace
}  // namespace netprobe::network_policy
