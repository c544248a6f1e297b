// SPDX-License-Identifier: Apache-2.0
// /api/advise/network-policy over a real server.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "analysis/network_policy/policy_yaml.h"
#include "api/testing/clusters.h"
#include "api/testing/query_api.h"
#include "support/json_schema.h"

namespace netprobe {
namespace {

namespace json = boost::json;
using testing::Answer;
using testing::HttpClient;
using testing::ip;
using testing::JsonSchema;
using testing::kBegin;
using testing::kSecondMicros;

const std::string kPath = "/api/advise/network-policy";

class AdviseApiTest : public testing::QueryApi {
 protected:
  void SetUp() override {
    QueryApi::SetUp();
    agent.set(testing::make_cluster_snapshot());
    auto batch = std::make_shared<HistoryBatch>();
    batch->id = "node-a/1/1";
    batch->node = "node-a";
    const auto& claims = view.claims;
    const auto who = [&](const std::string& name) {
      return std::ranges::find_if(claims, [&](const auto& c) { return c.identity->name == name; })
          ->identity;
    };
    FlowRecord flow;
    flow.time = flow.first_seen = flow.last_seen = kBegin + kSecondMicros;
    flow.tuple = {ip("10.244.1.2"), ip("10.244.2.2"), 40'000, 5432, kProtoTcp};
    flow.forward = flow.reverse = {10, 5'000};
    flow.tcp_flags = flow.reverse_tcp_flags = 0x12;
    flow.began = true;
    flow.src = who("web-1");
    flow.dst = who("db-1");
    batch->flows.push_back(flow);
    flow.tuple = {ip("2001:db8::7"), ip("10.244.1.2"), 40'000, 22, kProtoTcp};
    flow.reverse = {};
    flow.reverse_tcp_flags = 0;
    flow.src = nullptr;
    flow.dst = who("web-1");
    batch->flows.push_back(flow);
    store.write(batch);
  }
  json::object advise(const std::string& parameters) {
    const auto got = get(kPath + "?" + parameters);
    EXPECT_EQ(got.status, 200) << got.body;
    return json::parse(got.body).as_object();
  }
  Answer check(const std::string& parameters, const std::string& body,
               const std::string& type = "application/yaml") {
    return HttpClient(server->port())
        .request("POST", kPath + "?" + parameters, {"Content-Type: " + type}, body);
  }
  std::string refusal(const Answer& got, int status) {
    EXPECT_EQ(got.status, status) << got.body;
    EXPECT_EQ(got.headers.at("content-type"), "application/problem+json");
    return std::string(json::parse(got.body).at("detail").as_string());
  }
  KubeView view = testing::make_view();
};

TEST_F(AdviseApiTest, HasPoliciesAsStructuresAndAsYaml) {
  const auto got = advise("namespace=shop&since=2h");
  const auto& policies = got.at("policies").as_array();
  ASSERT_EQ(policies.size(), 2U) << json::serialize(got);
  EXPECT_TRUE(got.at("without_policy").as_array().empty());
  const auto& web = policies.at(1).as_object();
  EXPECT_EQ(web.at("workload").as_string(), "web");
  EXPECT_EQ(web.at("flows").to_number<int>(), 1);
  const auto& spec = web.at("policy").at("spec").as_object();
  EXPECT_EQ(json::serialize(spec.at("policyTypes")), R"(["Egress"])");
  EXPECT_EQ(json::serialize(spec.at("egress").at(0).at("ports")),
            R"([{"protocol":"TCP","port":5432}])");
  EXPECT_EQ(spec.at("podSelector").at("matchLabels").at("app").as_string(), "web");
  EXPECT_NE(json::serialize(web.at("remarks")).find("2001:db8::7 to shop/web, tcp 22"),
            std::string::npos)
      << "what was left out is said";
  EXPECT_EQ(web.at("replay").at("denied").to_number<int>(), 0);
  // The YAML is the same policies.
  const auto read = network_policy::read_policies(got.at("yaml").as_string(), "");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ(read->at(1).name, web.at("policy").at("metadata").at("name").as_string());
  EXPECT_EQ(got.at("source").as_string(), "history");
}

TEST_F(AdviseApiTest, OfOneWorkloadWithGivenLabels) {
  const auto got = advise("namespace=shop&workload=db&labels=tier=data&include-unanswered=true");
  const auto& policies = got.at("policies").as_array();
  ASSERT_EQ(policies.size(), 1U);
  EXPECT_EQ(json::serialize(policies.at(0).at("policy").at("spec").at("podSelector")),
            R"({"matchLabels":{"tier":"data"}})");
  EXPECT_EQ(got.at("workload").as_string(), "db");
}

TEST_F(AdviseApiTest, ChecksPoliciesThatAreGiven) {
  const std::string policy =
      "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x}\n"
      "spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress],\n"
      "  egress: [{ports: [{port: 443}]}]}\n";
  for (const char* type : {"application/yaml", "text/plain; charset=utf-8"}) {
    const auto got = check("namespace=shop", policy, type);
    ASSERT_EQ(got.status, 200) << got.body;
    const auto replay = json::parse(got.body).at("replay").as_object();
    EXPECT_EQ(replay.at("denied").to_number<int>(), 1) << got.body;
    EXPECT_EQ(replay.at("found").at(0).at("ruling").as_string(), "denied");
    EXPECT_EQ(replay.at("found").at(0).at("text").as_string(),
              "shop/web to shop/db, tcp 5432: no egress rule has it");
  }
  EXPECT_NE(refusal(check("namespace=shop", "kind: ["), 400).find("no YAML"), std::string::npos);
  EXPECT_NE(refusal(check("namespace=shop", ""), 400).find("no NetworkPolicy"), std::string::npos);
  (void)refusal(check("namespace=shop", policy, "application/json"), 415);
  (void)refusal(check("namespace=shop&labels=a=b&workload=web", policy), 400);
}

TEST_F(AdviseApiTest, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "namespace"},
      {"namespace=", "namespace"},
      {"namespace=shop&namespace=db", "namespace"},
      {"namespace=shop&since=soon", "since"},
      {"namespace=shop&labels=app=web", "labels"},
      {"namespace=shop&workload=web&labels=app", "labels"},
      {"namespace=shop&any_outside=yes", "any_outside"},
      {"namespace=shop&include_unanswered=1", "include_unanswered"},
      {"namespace=shop&limit=1", "limit"}};
  for (const auto& [query, parameter] : cases) {
    const auto got = get(kPath + "?" + query);
    EXPECT_FALSE(refusal(got, 400).empty()) << query;
    EXPECT_EQ(json::parse(got.body).at("parameter").as_string(), parameter) << got.body;
  }
  EXPECT_NE(refusal(get(kPath + "?namespace=nobody"), 404).find("nothing was observed of nobody"),
            std::string::npos);
}

TEST_F(AdviseApiTest, AnswersAreAsTheDescriptionHasThem) {
  const JsonSchema schema(json::parse(get("/api/openapi.json").body));
  const std::vector<std::string> none;
  const auto made = get(kPath + "?namespace=shop");
  EXPECT_EQ(schema.check_answer(kPath, made.status, made.body), none);
  const auto checked = check("namespace=shop",
                             "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
                             "spec: {podSelector: {}}\n");
  EXPECT_EQ(schema.check_answer(kPath, checked.status, checked.body, "post"), none);
}

}  // namespace
}  // namespace netprobe
