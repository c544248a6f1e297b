// SPDX-License-Identifier: Apache-2.0
#include "api/api.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <set>
#include <thread>

#include "api/description.h"
#include "api/page_assets.h"
#include "api/testing/clusters.h"
#include "api/testing/fake_agent.h"
#include "api/testing/snapshots.h"
#include "io/testing/http_client.h"
#include "support/json_schema.h"

namespace netprobe {
namespace {

namespace json = boost::json;
using testing::Answer;
using testing::FakeAgent;
using testing::HttpClient;
using testing::JsonSchema;
using testing::make_cluster_snapshot;
using testing::make_flow;
using testing::make_snapshot;
using testing::RawConnection;

/// The API of a made-up agent on a real server.
class ApiTest : public ::testing::Test {
 protected:
  void SetUp() override { start({}); }
  void TearDown() override { server->stop(); }
  void start(HttpServerOptions options, ApiOptions api_options = {}) {
    agent.set(make_snapshot(30));
    options.address = "127.0.0.1";
    server = HttpServer::make(options).value();
    api = std::make_unique<Api>(
        api_options,
        ApiSources{.snapshots = agent,
                   .feed = agent,
                   .readiness = [this] { return Readiness{ready, ready ? "" : "no hook"}; },
                   .metrics =
                       [](const Snapshot& s, std::string_view accept) {
                         return MetricsPage{"text/plain; version=0.0.4",
                                            s.node_name + " " + std::string(accept)};
                       },
                   .clock = clock});
    api->add_routes(*server);
    ASSERT_TRUE(server->start());
  }
  void publish(std::uint64_t from, std::uint64_t to) {
    auto batch = std::make_shared<FlowBatch>();
    for (auto id = from; id <= to; ++id) batch->flows.push_back(make_flow(id));
    agent.publish(batch);
  }

  ManualClock clock{testing::kStart + 3600 * kSecond};
  FakeAgent agent;
  std::atomic<bool> ready = true;
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<Api> api;
};

std::string request_of(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n";
}

/// A query for paths that need one to answer.
std::string with_query(const std::string& path) {
  if (path == "/api/query/service") return path + "?ip=10.96.0.1";
  if (path == "/api/query/fields") return path;
  if (path == "/api/query/validate" || path == "/api/query/complete") return path + "?q=src.ip";
  if (path == "/api/advise/network-policy") return path + "?namespace=shop";
  return path.starts_with("/api/query/") ? path + "?ip=10.244.1.2" : path;
}

TEST_F(ApiTest, AnswersEveryRouteForGetAndHead) {
  agent.set(make_cluster_snapshot());
  HttpClient client(server->port());
  for (const auto& route : server->routes()) {
    if (route == "/api/stream" || route == "/api/alerts/stream") continue;
    const auto path = with_query(route);
    const auto got = client.get(path);
    EXPECT_EQ(got.status, 200) << path;
    EXPECT_FALSE(got.body.empty()) << path;
    if (path.starts_with("/api/")) {
      EXPECT_EQ(got.headers.at("content-type"), "application/json") << path;
      EXPECT_NO_THROW((void)json::parse(got.body)) << path;
    }
    const auto head = client.request("HEAD", path);
    EXPECT_EQ(head.status, 200) << path;
    EXPECT_TRUE(head.body.empty()) << path;
    // How long a query took is in its answer.
    if (path != "/api/query")
      EXPECT_EQ(head.headers.at("content-length"), got.headers.at("content-length")) << path;
    const bool takes_post = route == "/api/query" || route == "/api/query/validate";
    // One more takes policies, and this is none.
    const int without = route == "/api/advise/network-policy" ? 415 : 405;
    EXPECT_EQ(client.request("POST", path).status, takes_post ? 200 : without) << path;
  }
  EXPECT_EQ(client.request("HEAD", "/api/stream").status, 200);
}

TEST_F(ApiTest, HasTheContractsRoutes) {
  const auto routes = server->routes();
  for (const char* path : {"/metrics",
                           "/health",
                           "/healthz",
                           "/livez",
                           "/ready",
                           "/readyz",
                           "/api/stats",
                           "/api/flows",
                           "/api/interfaces",
                           "/api/probes",
                           "/api/top",
                           "/api/stream",
                           "/api/tunnels",
                           "/api/cluster",
                           "/api/topology",
                           "/api/report",
                           "/api/query/pod",
                           "/api/query/service",
                           "/api/query/node",
                           "/api/openapi.json",
                           "/"})
    EXPECT_NE(std::ranges::find(routes, path), routes.end()) << path;
}

/// Without the page's files, which page_test.cc is about.
std::set<std::string> routes_of_the_api(const HttpServer& server) {
  std::set<std::string> routes;
  for (std::string& path : server.routes()) routes.insert(std::move(path));
  for (const auto* asset = netprobe_page_assets; asset->path != nullptr; ++asset)
    if (asset->path != std::string_view("/")) routes.erase(asset->path);
  routes.erase("/index.html");
  return routes;
}

TEST_F(ApiTest, DescribesEveryRouteAndNoOther) {
  HttpClient client(server->port());
  const auto document = json::parse(client.get("/api/openapi.json").body);
  std::set<std::string> described;
  for (const auto& path : document.at("paths").as_object()) described.emplace(path.key());
  EXPECT_EQ(described, routes_of_the_api(*server));
}

/// Names of the parameters that the description gives a path.
std::set<std::string> described_parameters(const json::value& document, std::string_view path) {
  std::set<std::string> names;
  const auto& get = document.at("paths").as_object().at(path).at("get").as_object();
  if (!get.contains("parameters")) return names;
  for (const auto& parameter : get.at("parameters").as_array()) {
    const auto& object = parameter.as_object();
    if (const auto* reference = object.if_contains("$ref")) {
      const std::string target(reference->as_string());
      const auto name = target.substr(target.rfind('/') + 1);
      EXPECT_EQ(document.at("components").at("parameters").at(name).at("name").as_string(), name);
      names.insert(name);
    } else {
      names.emplace(object.at("name").as_string());
    }
  }
  return names;
}

TEST_F(ApiTest, DescribesTheParametersThatItTakes) {
  HttpClient client(server->port());
  const auto document = json::parse(client.get("/api/openapi.json").body);
  for (const auto& route : server->routes()) {
    if (!route.starts_with("/api/")) continue;
    const auto path = route;
    const auto answer = json::parse(client.get(path + "?no_such=1").body);
    std::set<std::string> allowed;
    if (const auto* list = answer.as_object().if_contains("allowed"))
      for (const auto& name : list->as_array()) allowed.emplace(name.as_string());
    EXPECT_EQ(described_parameters(document, path), allowed) << path;
  }
}

/// Every JSON answer is held against its schema, where there is a record of each
/// kind and where there is nothing.
TEST_F(ApiTest, AnswersAsDescribed) {
  HttpClient client(server->port());
  const JsonSchema schema(json::parse(client.get("/api/openapi.json").body));
  std::vector<std::string> targets{"/api/flows?limit=1",
                                   "/api/drops?by=reason",
                                   "/api/drops?by=flow",
                                   "/api/drops?by=interface",
                                   "/api/drops?by=location",
                                   "/api/topology?graph=live",
                                   "/api/flows?no_such=1",
                                   "/api/query/pod",
                                   "/api/query/pod?ip=192.0.2.77",
                                   "/api/query/node?ip=x",
                                   "/api/query/node?ip=192.0.2.1",
                                   "/api/query/service?ip=::1",
                                   "/api/query/pod?ip=10.244.1.2&at=2023-11-14T22:12:50Z"};
  for (const auto& path : schema.json_paths()) targets.push_back(with_query(path));
  EXPECT_GE(targets.size(), 13U + 20U);
  auto odd = make_cluster_snapshot();
  odd->kube = std::make_shared<const KubeView>();
  for (const auto& snapshot : {make_snapshot(0), make_snapshot(30), make_cluster_snapshot(), odd}) {
    agent.set(snapshot);
    for (const auto& target : targets) {
      const auto answer = client.get(target);
      const auto path = target.substr(0, target.find('?'));
      EXPECT_EQ(schema.check_answer(path, answer.status, answer.body), std::vector<std::string>{})
          << target;
    }
  }
  ready = false;
  const auto not_ready = client.get("/ready");
  EXPECT_TRUE(schema.check_answer("/ready", not_ready.status, not_ready.body).empty());
}

TEST_F(ApiTest, ListsEveryEndpointOnItsIndex) {
  HttpClient client(server->port());
  const auto index = client.get("/").body;
  for (const auto& path : routes_of_the_api(*server))
    EXPECT_NE(index.find(path), std::string::npos) << path;
}

TEST_F(ApiTest, SaysWhyItIsNotReady) {
  HttpClient client(server->port());
  EXPECT_EQ(client.get("/ready").status, 200);
  ready = false;
  for (const char* path : {"/ready", "/readyz"}) {
    const auto answer = client.get(path);
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
    EXPECT_EQ(json::parse(answer.body).at("detail").as_string(), "no hook");
  }
  EXPECT_EQ(client.get("/healthz").status, 200);
}

TEST_F(ApiTest, NegotiatesMetrics) {
  HttpClient client(server->port());
  EXPECT_EQ(client.get("/metrics", {"Accept: a/b"}).body, "node-a a/b");
}

TEST_F(ApiTest, ServesMetricsWhereTheyAreWanted) {
  server->stop();
  start({}, {.metrics_path = "/custom"});
  HttpClient client(server->port());
  EXPECT_EQ(client.get("/custom").status, 200);
  EXPECT_EQ(client.get("/metrics").status, 404);
  EXPECT_TRUE(json::parse(client.get("/api/openapi.json").body)
                  .at("paths")
                  .as_object()
                  .contains("/custom"));
  EXPECT_NE(client.get("/").body.find("/custom"), std::string::npos);
}

TEST_F(ApiTest, PagesThroughFlows) {
  HttpClient client(server->port());
  std::string path = "/api/flows?limit=7&sort=bytes";
  std::set<std::int64_t> seen;
  for (std::string next = path; !next.empty();) {
    const auto answer = json::parse(client.get(next).body);
    EXPECT_EQ(answer.at("total").to_number<int>(), 30);
    for (const auto& flow : answer.at("flows").as_array())
      EXPECT_TRUE(seen.insert(flow.at("id").to_number<std::int64_t>()).second);
    const auto& cursor = answer.at("next_cursor");
    next = cursor.is_null() ? "" : path + "&cursor=" + std::string(cursor.as_string());
  }
  EXPECT_EQ(seen.size(), 30U);
}

TEST_F(ApiTest, NamesBadParameters) {
  HttpClient client(server->port());
  for (const char* path : {"/api/flows?prot=tcp", "/api/flows?port=x", "/api/top?by=x",
                           "/api/stream?sort=id", "/api/stats?x", "/api/probes?x=1"}) {
    const auto answer = client.get(path);
    EXPECT_EQ(answer.status, 400) << path;
    EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
    const auto problem = json::parse(answer.body).as_object();
    EXPECT_TRUE(problem.contains("parameter")) << answer.body;
    EXPECT_EQ(problem.at("status").to_number<int>(), 400);
  }
}

TEST_F(ApiTest, SaysThatThereIsNoData) {
  agent.set(nullptr);
  HttpClient client(server->port());
  for (const char* path : {"/api/flows", "/api/stats", "/metrics", "/api/stream"})
    EXPECT_EQ(client.get(path).status, 503) << path;
  EXPECT_EQ(client.get("/livez").status, 200);
}

TEST_F(ApiTest, ServesManyClients) {
  std::atomic<int> good = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back([&] {
      HttpClient client(server->port());
      for (int n = 0; n < 20; ++n)
        for (const char* path : {"/api/flows?limit=5", "/api/stats", "/metrics"})
          if (client.get(path).status == 200) ++good;
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(good, 6 * 20 * 3);
}

TEST_F(ApiTest, StreamsWhatEachClientAskedFor) {
  RawConnection all(server->port());
  all.send(request_of("/api/stream"));
  ASSERT_TRUE(all.read_until("event: hello\ndata: {"));
  RawConnection some(server->port());
  some.send(request_of("/api/stream?src_ip=10.0.0.3"));
  ASSERT_TRUE(some.read_until("\"completeness\":{"));
  agent.wait_for_subscribers(1);
  publish(1, 3);
  ASSERT_TRUE(all.read_until("event: flow\ndata: {\"id\":3,"));
  ASSERT_TRUE(some.read_until("event: flow\ndata: {\"id\":3,"));
  EXPECT_EQ(some.seen().find("\"id\":1,"), std::string::npos);
  all.close();
  some.close();
  agent.wait_for_subscribers(0);
}

TEST_F(ApiTest, KeepsUpWithABatchLargerThanAQueue) {
  server->stop();
  start({.max_stream_events = 1000});
  RawConnection client(server->port());
  client.send(request_of("/api/stream"));
  ASSERT_TRUE(client.read_until("event: hello"));
  agent.wait_for_subscribers(1);
  publish(1, 20'000);
  // A reader that is slower than loopback may lose some, but must be told: the
  // end of the batch comes, or the word that it was lost.
  std::uint64_t got = 0;
  std::uint64_t lost = 0;
  const auto count = [&] {
    got = lost = 0;
    const auto& text = client.seen();
    for (std::size_t at = 0; (at = text.find("event: flow\n", at)) != std::string::npos; ++at)
      ++got;
    constexpr std::string_view kLost = "event: lost\ndata: {\"lost\":";
    for (std::size_t at = 0; (at = text.find(kLost, at)) != std::string::npos; at += kLost.size())
      if (text.find('}', at) != std::string::npos)
        lost += std::stoull(text.substr(at + kLost.size(), 20));
    return got + lost;
  };
  std::size_t counted = 0;
  while (counted < 20'000) {
    ASSERT_TRUE(client.read_more()) << got << " came, " << lost << " lost";
    if (client.seen().ends_with("\n\n")) counted = count();
  }
  EXPECT_EQ(counted, 20'000U);
  EXPECT_EQ(server->stats().stream_events_lost, lost);
}

TEST_F(ApiTest, StopsUnderAStreamInFullFlow) {
  RawConnection client(server->port());
  client.send(request_of("/api/stream"));
  ASSERT_TRUE(client.read_until("event: hello"));
  agent.wait_for_subscribers(1);
  for (int i = 0; i < 50; ++i) publish(1, 200);
  server->stop();
  agent.wait_for_subscribers(0);
  for (int i = 0; i < 5; ++i) publish(1, 200);
  api.reset();
}

}  // namespace
}  // namespace netprobe
