// SPDX-License-Identifier: Apache-2.0
#include "model/flow_json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "model/identity.h"

namespace netprobe {
namespace {

namespace json = boost::json;

json::object object_of(const Flow& flow) {
  std::string out;
  append_json(out, flow);
  return json::parse(out).as_object();
}

TEST(FlowJson, HasNoNamesWhereNobodyIsKnown) {
  const auto object = object_of({});
  for (const auto& [key, value] : object) {
    EXPECT_FALSE(key.ends_with("_name") || key.ends_with("_pod") || key.ends_with("_node")) << key;
    EXPECT_FALSE(std::string_view(key).starts_with("service")) << key;
  }
  EXPECT_EQ(object.at("traffic"), (json::value{"external"}));
}

TEST(FlowJson, NamesEndsAndService) {
  const std::string hostile = "\"q\"\\\n\x01 ünïcode \xff";
  auto pod = std::make_shared<Identity>();
  pod->kind = IdentityKind::kPod;
  pod->name_space = "shop";
  pod->name = "web-1";
  pod->workload_kind = "Deployment";
  pod->workload = "web";
  pod->node = "n1";
  pod->zone = "z1";
  pod->node_pool = "large";
  pod->labels = {{hostile, hostile}};
  auto node = std::make_shared<Identity>();
  node->kind = IdentityKind::kNode;
  node->name = "n2";
  auto service = std::make_shared<Identity>();
  service->kind = IdentityKind::kService;
  service->name_space = "shop";
  service->name = "web";
  Flow flow;
  flow.src_identity = node;
  flow.dst_identity = pod;
  flow.service = service;
  flow.service_by = ServiceBy::kNodePort;
  const auto object = object_of(flow);
  const auto text = [&](const char* key) { return std::string(object.at(key).as_string()); };
  EXPECT_EQ(text("dst_pod"), "shop/web-1");
  EXPECT_EQ(text("dst_name"), "shop/web-1");
  EXPECT_EQ(text("dst_kind"), "pod");
  EXPECT_EQ(text("dst_namespace"), "shop");
  EXPECT_EQ(text("dst_workload"), "Deployment/web");
  EXPECT_EQ(text("dst_node"), "n1");
  EXPECT_EQ(text("dst_zone"), "z1");
  EXPECT_EQ(text("dst_node_pool"), "large");
  EXPECT_EQ(text("src_node"), "n2");
  EXPECT_EQ(text("src_name"), "n2");
  EXPECT_FALSE(object.contains("src_pod"));
  EXPECT_EQ(text("service"), "shop/web");
  EXPECT_EQ(text("service_by"), "node_port");
  EXPECT_EQ(object.at("traffic"), (json::value{"service"}));
  // What is no UTF-8 is replaced; all else comes back as it was.
  const std::string expected = "\"q\"\\\n\x01 ünïcode \xef\xbf\xbd";
  const auto& labels = object.at("dst_labels").as_object();
  ASSERT_TRUE(labels.contains(expected));
  EXPECT_EQ(labels.at(expected).as_string(), expected);
}

}  // namespace
}  // namespace netprobe
