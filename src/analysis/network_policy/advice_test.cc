// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_policy/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/network_policy/policy_json.h"
#include "analysis/network_policy/policy_yaml.h"
#include "analysis/network_policy/testing/made_flows.h"

namespace netprobe::network_policy {
namespace {

using ::testing::HasSubstr;
using namespace netprobe::network_policy::testing;

AdviceQuestion of(const std::string& workload = "") {
  return {.name_space = "shop",
          .workload = workload,
          .since = "7d",
          .labels = std::nullopt,
          .any_outside = false,
          .unanswered = false};
}

Observed observed(std::vector<Seen> flows) {
  return {.seen = std::move(flows),
          .since = "2026-01-01T00:00:00Z",
          .kept_since = "2026-01-03T00:00:00Z",
          .warnings = {"lost in this time: 3 of flow.ring_full"}};
}

TEST(NetworkPolicyAdvice, HasAPolicyForEachWorkloadAndSaysWhatItIsMadeOf) {
  const auto made =
      advise(of(), observed({seen(pod("shop", "web"), pod("shop", "api"), 80),
                             seen(pod("ingress", "nginx"), pod("shop", "web"), 443)}));
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_EQ(made->size(), 2U);
  EXPECT_EQ(made->at(0).workload, "api");
  EXPECT_EQ(made->at(1).workload, "web");
  for (const WorkloadAdvice& each : *made) {
    ASSERT_TRUE(each.advice);
    EXPECT_THAT(each.yaml, HasSubstr("# observed since 2026-01-01T00:00:00Z; history begins at "
                                     "2026-01-03T00:00:00Z"));
    EXPECT_THAT(each.yaml, HasSubstr("# incomplete: lost in this time: 3 of flow.ring_full"));
    EXPECT_EQ(each.replay.denied, 0U);
  }
  EXPECT_EQ(made->at(0).replay.other, 1U) << "what nginx does is not the policy's of api";
  EXPECT_EQ(made->at(1).replay.other, 0U);
}

TEST(NetworkPolicyAdvice, SaysWhyThereIsNone) {
  const auto nobody = advise(of("web"), observed({}));
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(nobody.error().message, HasSubstr("nothing was observed of shop/web since 7d"));
  End unknown = pod("shop", "web");
  unknown.labels.reset();
  const auto made = advise(of(), observed({seen(unknown, pod("shop", "api"), 80),
                                           seen(pod("ingress", "nginx"), pod("shop", "api"), 80)}));
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->at(0).advice);
  EXPECT_FALSE(made->at(1).advice);
  EXPECT_EQ(made->at(1).yaml, "");
  EXPECT_THAT(made->at(1).why_none, HasSubstr("labels"));
}

TEST(NetworkPolicyAdvice, GivenLabelsAreOfOneWorkload) {
  AdviceQuestion question = of("web");
  question.labels = Labels{{"front", "yes"}};
  End unknown = pod("shop", "web");
  unknown.labels.reset();
  const auto made = advise(question, observed({seen(unknown, outside("198.51.100.7"), 443)}));
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_TRUE(made->at(0).advice);
  EXPECT_EQ(made->at(0).advice->policy.pods.labels, question.labels);
  EXPECT_EQ(made->at(0).replay.allowed, 1U) << "the pods have them, as is said";
  End set = pod("shop", "web");
  set.workload_kind = "StatefulSet";
  const auto two = advise(question, observed({seen(unknown, set, 443)}));
  ASSERT_FALSE(two);
  EXPECT_EQ(two.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(two.error().message, HasSubstr("shop/web is a Deployment and a StatefulSet"));
  question.workload.clear();
  EXPECT_EQ(advise(question, observed({})).error().kind, ErrorKind::kUsage);
}

TEST(NetworkPolicyAdvice, ReadsLabels) {
  EXPECT_EQ(parse_labels("app=web,tier=").value(), (Labels{{"app", "web"}, {"tier", ""}}));
  for (const char* bad : {"", "app", "=web", "app=web,", "app=web,,b=c"})
    EXPECT_FALSE(parse_labels(bad)) << bad;
  EXPECT_EQ(parse_labels("a=b,c").error().message, "'c' is not KEY=VALUE");
}

TEST(NetworkPolicyAdvice, ShowsABoundedNumberOfWhatIsDenied) {
  Policy policy{.name = "none",
                .name_space = "shop",
                .pods = {},
                .isolates_egress = true,
                .ingress = {},
                .egress = {}};
  std::vector<Seen> flows;
  for (std::uint16_t port = 1; port <= 60; ++port)
    flows.push_back(seen(pod("shop", "web"), outside("198.51.100.7"), port));
  const Replay result = replay({&policy, 1}, flows);
  EXPECT_EQ(result.denied, 60U);
  EXPECT_EQ(result.found.size(), Replay::kMostFound);
  EXPECT_EQ(result.not_shown, 60 - Replay::kMostFound);
  EXPECT_EQ(words_of(result).back(), "  and 10 more");
  EXPECT_TRUE(result.found.front().denied);
}

TEST(NetworkPolicyJson, IsWhatTheYamlIs) {
  const std::string yaml =
      "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a, namespace: b}\n"
      "spec:\n"
      "  podSelector: {matchExpressions: [{key: k, operator: NotIn, values: [x, 'y\"es']}]}\n"
      "  policyTypes: [Ingress, Egress]\n"
      "  ingress:\n"
      "  - from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]\n"
      "    ports: [{port: metrics}, {protocol: SCTP, port: 1000, endPort: 2000}]\n"
      "  - {}\n"
      "  egress:\n"
      "  - to: [{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}]\n";
  const auto policies = read_policies(yaml, "");
  ASSERT_TRUE(policies) << policies.error().message;
  std::string json;
  append_json(json, policies->at(0));
  EXPECT_EQ(json, R"({"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy",)"
                  R"("metadata":{"name":"a","namespace":"b"},"spec":{"podSelector":)"
                  R"({"matchExpressions":[{"key":"k","operator":"NotIn","values":["x","y\"es"]}]},)"
                  R"("policyTypes":["Ingress","Egress"],"ingress":[{"from":[{"ipBlock":)"
                  R"({"cidr":"10.0.0.0/8","except":["10.1.0.0/16"]}}],"ports":[)"
                  R"({"protocol":"TCP","port":"metrics"},)"
                  R"({"protocol":"SCTP","port":1000,"endPort":2000}]},{}],"egress":[{"to":[)"
                  R"({"namespaceSelector":{},"podSelector":{"matchLabels":{"app":"web"}}}]}]}})");
  // JSON is YAML.
  const auto again = read_policies(json, "");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(to_yaml(again->at(0), {}), to_yaml(policies->at(0), {}));
}

}  // namespace
}  // namespace netprobe::network_policy
