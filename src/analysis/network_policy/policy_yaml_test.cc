// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_policy/policy_yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "analysis/network_policy/policy_maker.h"
#include "analysis/network_policy/policy_match.h"
#include "analysis/network_policy/testing/made_flows.h"

namespace netprobe::network_policy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace netprobe::network_policy::testing;

TEST(PolicyYaml, IsWhatKubernetesTakes) {
  const auto advice =
      make_policy(web(), std::vector{seen(pod("shop", "web"), pod("db", "postgres"), 5432),
                                     seen(pod("shop", "web"), outside("2001:db8::1"), 443),
                                     seen(pod("ingress", "nginx"), pod("shop", "web"), 8080)});
  ASSERT_TRUE(advice);
  const std::vector<std::string> comments{"made of 3 flows"};
  // tests/deploy/kube_test.sh gives the same file to a real API server.
  std::ifstream file(NETPROBE_POLICY_FILE);
  const std::string want{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(to_yaml(advice->policy, comments), want);
}

TEST(PolicyYaml, HostileNamesStayTexts) {
  Labels hostile{{"yes", "no"},         {"n", "1e3"},
                 {"a", "null"},         {"b", "\"}\n"},
                 {"c", "# x: {{y}} &"}, {"d", "\xff\xfe\x1b[2J"},
                 {"e: f", "~"},         {"g", "---\nkind: ClusterRole"}};
  End peer = pod("shop", "evil");
  peer.labels = hostile;
  peer.name_space = "x\n---\nkind: Secret";
  const auto advice = make_policy(web(), std::vector{seen(peer, pod("shop", "web"), 80)});
  ASSERT_TRUE(advice);
  const std::vector<std::string> comments{"of x\nkind: Secret\r\n---\x1b"};
  const std::string text = to_yaml(advice->policy, comments);
  EXPECT_THAT(text, Not(HasSubstr("\nkind: Secret")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  const auto again = read_policies(text, "shop");
  ASSERT_TRUE(again) << again.error().message;
  ASSERT_EQ(again->size(), 1U);
  const Peer& read = again->front().ingress.at(0).peers.at(0);
  for (const auto& [key, value] : hostile)
    if (key != "d") {  // no UTF-8
      EXPECT_EQ(read.pods->labels.at(key), value) << key;
    }
  EXPECT_EQ(read.namespaces->labels.begin()->second, peer.name_space);
}

TEST(PolicyYaml, WhatIsReadIsWrittenAgain) {
  const std::string text = R"(
kind: List
items:
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {name: a, namespace: b}
  spec:
    podSelector: {matchExpressions: [{key: k, operator: In, values: [x, "yes"]}]}
    policyTypes: [Ingress]
    ingress:
    - from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]
      ports: [{port: metrics}, {protocol: SCTP, port: 1000, endPort: 2000}]
    - {}
- {apiVersion: v1, kind: Secret}
)";
  const auto policies = read_policies(text, "default");
  ASSERT_TRUE(policies) << policies.error().message;
  ASSERT_EQ(policies->size(), 1U);
  const std::string once = to_yaml(policies->front(), {});
  EXPECT_THAT(once, HasSubstr("endPort: 2000"));
  EXPECT_THAT(once, HasSubstr("\"10.1.0.0/16\""));
  EXPECT_EQ(to_yaml(read_policies(once, "")->front(), {}), once);
}

TEST(PolicyYaml, NullIsAsGoodAsNothing) {
  const auto policies = read_policies(
      "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nspec:\n"
      "  ingress:\n"
      "  - from: [{podSelector: {}, namespaceSelector: null, ipBlock: null}]\n"
      "  - from: [{podSelector: ~, ipBlock: {cidr: 10.0.0.0/8}}]\n",
      "shop");
  ASSERT_TRUE(policies) << policies.error().message;
  const auto& ingress = policies->front().ingress;
  const Peer& pods = ingress.at(0).peers.at(0);
  EXPECT_TRUE(pods.pods);
  EXPECT_FALSE(pods.namespaces) << "the policy's own namespace, not all";
  EXPECT_FALSE(pods.block);
  EXPECT_FALSE(ingress.at(1).peers.at(0).pods);
  EXPECT_TRUE(ingress.at(1).peers.at(0).block);
}

TEST(PolicyYaml, SaysWhatIsWrong) {
  const auto problem = [](const std::string& text) {
    const auto policies = read_policies(text, "default");
    return policies ? std::string("none") : policies.error().message;
  };
  const std::string head = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nspec: ";
  EXPECT_THAT(problem(""), HasSubstr("no NetworkPolicy"));
  EXPECT_THAT(problem("a: ["), HasSubstr("no YAML"));
  EXPECT_THAT(problem("apiVersion: extensions/v1beta1\nkind: NetworkPolicy"),
              HasSubstr("extensions/v1beta1"));
  EXPECT_THAT(problem(head + "{ingress: 5}"), HasSubstr("no list"));
  EXPECT_THAT(problem(head + "{ingress: [{from: [{}]}]}"), HasSubstr("neither ipBlock"));
  EXPECT_THAT(problem(head + "{ingress: [{from: [{podSelector: null}]}]}"),
              HasSubstr("neither ipBlock"));
  EXPECT_THAT(problem(head + "{ingress: [{from: [{ipBlock: {cidr: all}}]}]}"),
              HasSubstr("ipBlock"));
  EXPECT_THAT(problem(head + "{ingress: [{ports: [{port: 65536}]}]}"), HasSubstr("65536"));
  EXPECT_THAT(problem(head + "{ingress: [{ports: [{port: 9, endPort: 8}]}]}"), HasSubstr("below"));
  EXPECT_THAT(problem(head + "{ingress: [{ports: [{protocol: ICMP}]}]}"), HasSubstr("icmp"));
  EXPECT_THAT(problem(head + "{policyTypes: [Both]}"), HasSubstr("Both"));
  EXPECT_THAT(problem(std::string(2 << 20, ' ')), HasSubstr("1 MiB"));
}

}  // namespace
}  // namespace netprobe::network_policy
