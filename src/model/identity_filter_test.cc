// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "model/flow_filter.h"
#include "model/identity.h"

namespace netprobe {
namespace {

IdentityPtr pod(const char* name_space, const char* name, const char* workload, const char* node) {
  auto identity = std::make_shared<Identity>();
  identity->kind = IdentityKind::kPod;
  identity->name_space = name_space;
  identity->name = name;
  identity->workload_kind = "Deployment";
  identity->workload = workload;
  identity->node = node;
  identity->zone = std::string("zone-") + node;
  identity->labels = {{"app", workload}, {"empty", ""}};
  return identity;
}

/// shop/web-1 on n1, by service infra/gate, to data/db-1 on n2.
Flow sample() {
  Flow flow;
  flow.direction = "inter-node";
  flow.src_identity = pod("shop", "web-1", "web", "n1");
  flow.dst_identity = pod("data", "db-1", "db", "n2");
  auto service = std::make_shared<Identity>();
  service->kind = IdentityKind::kService;
  service->name_space = "infra";
  service->name = "gate";
  flow.service = service;
  flow.service_by = ServiceBy::kAddress;
  return flow;
}

bool matches(const Flow& flow, std::string_view conditions, std::string_view observed_by = "n0") {
  FlowFilter filter;
  while (!conditions.empty()) {
    const auto end = std::min(conditions.find(' '), conditions.size());
    const auto one = conditions.substr(0, end);
    const auto equals = one.find('=');
    EXPECT_TRUE(filter.add(one.substr(0, equals), one.substr(equals + 1))) << one;
    conditions.remove_prefix(std::min(end + 1, conditions.size()));
  }
  return filter.matches(flow, observed_by);
}

TEST(IdentityFilter, MatchesNamesOfEitherEnd) {
  const Flow flow = sample();
  for (const char* holds : {"pod=web-1",
                            "pod=shop/web-1",
                            "pod=web-*",
                            "pod=*/db-?",
                            "src_pod=web-1",
                            "dst-pod=db-1",
                            "pod=web-1 pod=db-1",
                            "namespace=shop",
                            "namespace=data",
                            "namespace=infra",
                            "src_namespace=sh*",
                            "workload=web",
                            "workload=deployment/web",
                            "workload=Deployment/d*",
                            "dst_workload=db",
                            "label=app",
                            "label=app=web",
                            "label=app=d*",
                            "label=empty=",
                            "dst_label=app=db",
                            "service=gate",
                            "service=infra/gate",
                            "service=*",
                            "node=n1",
                            "node=n2",
                            "node=n0",
                            "src_node=n1",
                            "zone=zone-n2",
                            "dst_zone=zone-n2",
                            "direction=pod-to-pod",
                            "direction=service",
                            "direction=inter-node direction=service"})
    EXPECT_TRUE(matches(flow, holds)) << holds;
  for (const char* fails : {"pod=web",
                            "pod=data/web-1",
                            "src_pod=db-1",
                            "dst_pod=web-1",
                            "pod=web-1 pod=other",
                            "src_namespace=infra",
                            "dst_namespace=shop",
                            "workload=statefulset/web",
                            "src_workload=db",
                            "label=app=we",
                            "label=no",
                            "label=empty=x",
                            "src_label=app=db",
                            "service=web-1",
                            "service=shop/gate",
                            "node=n3",
                            "src_node=n2",
                            "src_node=n0",
                            "zone=n1",
                            "direction=external",
                            "direction=ingress",
                            "direction=inter-node direction=egress"})
    EXPECT_FALSE(matches(flow, fails)) << fails;
}

TEST(IdentityFilter, WhatIsNotKnownMatchesNothing) {
  Flow flow;
  for (const char* key : {"pod=*", "namespace=*", "workload=*", "label=app", "service=*", "zone=*",
                          "src_node=*", "direction=pod-to-pod", "direction=service"})
    EXPECT_FALSE(matches(flow, key)) << key;
  EXPECT_TRUE(matches(flow, "node=*")) << "somebody observed it";
  EXPECT_FALSE(matches(flow, "node=*", ""));
  EXPECT_TRUE(matches(flow, "direction=external")) << "as its direction is egress";
}

TEST(IdentityFilter, NodesArePlacesAndNoPods) {
  Flow flow;
  auto node = std::make_shared<Identity>();
  node->kind = IdentityKind::kNode;
  node->name = "n7";
  flow.dst_identity = node;
  EXPECT_TRUE(matches(flow, "node=n7"));
  EXPECT_TRUE(matches(flow, "dst_node=n7"));
  EXPECT_FALSE(matches(flow, "pod=n7"));
}

TEST(IdentityFilter, SaysWhatAValueMustBe) {
  for (const auto& [key, value] : {std::pair{"pod", ""},
                                   {"pod", "/web"},
                                   {"pod", "shop/"},
                                   {"pod", "a/b/c"},
                                   {"service", "a/b/c"},
                                   {"workload", "/"},
                                   {"namespace", ""},
                                   {"node", ""},
                                   {"src_zone", ""},
                                   {"label", ""},
                                   {"label", "=web"},
                                   {"direction", "sideways"}}) {
    const auto added = FlowFilter{}.add(key, value);
    ASSERT_FALSE(added) << key << "=" << value;
    EXPECT_NE(added.error().message.find("'" + std::string(value) + "'"), std::string::npos);
    EXPECT_EQ(added.error().kind, ErrorKind::kUsage);
  }
  EXPECT_NE(FlowFilter{}.add("direction", "x").error().message.find("pod-to-pod"),
            std::string::npos);
}

/// A pattern is a user's: many stars must not take for ever.
TEST(IdentityFilter, StarsAreCheap) {
  Flow flow;
  flow.src_identity = pod("shop", std::string(253, 'a').c_str(), "web", "n1");
  std::string pattern = "pod=";
  for (int i = 0; i < 60; ++i) pattern += "*a";
  EXPECT_TRUE(matches(flow, pattern));
  EXPECT_FALSE(matches(flow, pattern + "*b"));
}

}  // namespace
}  // namespace netprobe
