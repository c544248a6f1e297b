// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_policy/policy_match.h"

#include <gtest/gtest.h>

#include "analysis/network_policy/policy_yaml.h"
#include "analysis/network_policy/testing/made_flows.h"

namespace netprobe::network_policy {
namespace {

using namespace netprobe::network_policy::testing;

Ruling ruling(const std::string& spec, const Seen& flow) {
  const auto policies = read_policies(
      "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x}\nspec:\n" + spec,
      "shop");
  EXPECT_TRUE(policies) << (policies ? "" : policies.error().message);
  return policies ? judge(*policies, flow).ruling : Ruling::kNotSelected;
}

const Seen kIn = seen(pod("ingress", "nginx"), pod("shop", "web"), 8080);

TEST(PolicyMatch, AsKubernetesHasIt) {
  struct Case {
    const char* spec;
    Ruling want;
  };
  using enum Ruling;
  const Case cases[] = {
      {"  {podSelector: {}}", kDenied},  // ingress is isolated by default, and has no rule
      {"  {podSelector: {}, policyTypes: [Egress]}", kNotSelected},
      {"  {podSelector: {}, ingress: [{}]}", kAllowed},
      {"  {podSelector: {matchLabels: {app: api}}}", kNotSelected},
      {"  {podSelector: {}, ingress: [{ports: [{port: 8080}]}]}", kAllowed},
      {"  {podSelector: {}, ingress: [{ports: [{port: 8080, protocol: UDP}]}]}", kDenied},
      {"  {podSelector: {}, ingress: [{ports: [{port: 8000, endPort: 8080}]}]}", kAllowed},
      {"  {podSelector: {}, ingress: [{ports: [{port: http}]}]}", kUnclear},
      {"  {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}", kDenied},  // own namespace
      {"  {podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}", kAllowed},
      {"  {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: "
       "{kubernetes.io/metadata.name: ingress}}, podSelector: {matchLabels: {app: nginx}}}]}]}",
       kAllowed},
      {"  {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}}]}]}",
       kUnclear},
      {"  {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: a}}, "
       "podSelector: {matchLabels: {app: other}}}]}]}",
       kDenied},
      {"  {podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}",
       kNotSelected},
      {"  {podSelector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}}", kDenied},
  };
  for (const Case& each : cases) EXPECT_EQ(ruling(each.spec, kIn), each.want) << each.spec;
}

TEST(PolicyMatch, BlocksAndTheirExceptions) {
  const std::string spec =
      "  {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 'fd00::/16', "
      "except: ['fd00::1/128']}}]}]}";
  EXPECT_EQ(ruling(spec, seen(pod("shop", "web"), outside("fd00::2"), 1)), Ruling::kAllowed);
  EXPECT_EQ(ruling(spec, seen(pod("shop", "web"), outside("fd00::1"), 1)), Ruling::kDenied);
  EXPECT_EQ(ruling(spec, seen(pod("shop", "web"), outside("192.0.2.1"), 1)), Ruling::kDenied);
}

TEST(PolicyMatch, AnyOfThePoliciesThatSelectAPodMayLetThrough) {
  const std::string one =
      "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\n"
      "spec: {podSelector: {}}\n";
  const std::string two =
      "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: b}\n"
      "spec: {podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 8080}]}]}\n";
  EXPECT_EQ(judge(*read_policies(one, "shop"), kIn).ruling, Ruling::kDenied);
  EXPECT_EQ(judge(*read_policies(one + two, "shop"), kIn).ruling, Ruling::kAllowed);
  EXPECT_EQ(judge(*read_policies(one + two, "other"), kIn).ruling, Ruling::kNotSelected);
}

TEST(PolicyMatch, OfAServiceItsBackendIsNotKnown) {
  End api = pod("pay", "api", "10.96.0.9");
  api.kind = End::Kind::kService;
  api.labels.reset();
  const Seen flow = seen(pod("shop", "web"), api, 443);
  const auto to = [&](const std::string& rule) {
    return ruling("  {podSelector: {}, policyTypes: [Egress], egress: [" + rule + "]}", flow);
  };
  EXPECT_EQ(to("{}"), Ruling::kAllowed);
  EXPECT_EQ(to("{ports: [{}]}"), Ruling::kAllowed);
  EXPECT_EQ(to("{ports: [{port: 443}]}"), Ruling::kUnclear) << "it may listen on 8443";
  EXPECT_EQ(to("{ports: [{port: 8443}]}"), Ruling::kUnclear);
  EXPECT_EQ(to("{ports: [{port: 443, protocol: UDP}]}"), Ruling::kDenied);
  EXPECT_EQ(to("{to: [{ipBlock: {cidr: 10.96.0.0/12}}]}"), Ruling::kUnclear);
  EXPECT_EQ(to("{to: [{ipBlock: {cidr: 10.244.0.0/16}}]}"), Ruling::kUnclear);
  EXPECT_EQ(to("{to: [{podSelector: {}}]}"), Ruling::kUnclear);
}

TEST(PolicyMatch, APortThatWasNotSeenMayBeAny) {
  Seen flow = kIn;
  flow.port = 0;
  EXPECT_EQ(ruling("  {podSelector: {}, ingress: [{ports: [{port: 80}]}]}", flow),
            Ruling::kUnclear);
  EXPECT_EQ(ruling("  {podSelector: {}, ingress: [{ports: [{protocol: TCP}]}]}", flow),
            Ruling::kAllowed);
}

TEST(PolicyMatch, APodOfTheNodesNetworkIsAnAddress) {
  Seen flow = kIn;
  flow.src.host_network = true;
  flow.src.address = *IpAddress::parse("192.168.1.7");
  EXPECT_EQ(ruling("  {podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}", flow),
            Ruling::kDenied);
  flow.dst.host_network = true;
  EXPECT_EQ(ruling("  {podSelector: {}}", flow), Ruling::kNotSelected);
}

}  // namespace
}  // namespace netprobe::network_policy
