// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/json.hpp>
#include <fstream>
#include <memory>
#include <string>

#include "api/api.h"
#include "api/testing/fake_agent.h"
#include "api/testing/fake_store.h"
#include "api/testing/snapshots.h"
#include "io/testing/http_client.h"
#include "io/url.h"

namespace netprobe::testing {

/// A clock that stands still until it is set, for a server's thread to read meanwhile.
class SharedClock final : public Clock {
 public:
  explicit SharedClock(Nanos now) : now_(now) {}
  [[nodiscard]] Nanos monotonic() const override { return now_; }
  [[nodiscard]] Nanos wall() const override { return now_; }
  void advance(Nanos by) { now_ += by; }

 private:
  std::atomic<Nanos> now_;
};

inline constexpr Micros kBegin = kStart / kMicrosecond;
inline constexpr Micros kSecondMicros = 1'000'000;

inline IdentityPtr deployment_pod(const std::string& name, const std::string& name_space,
                                  const std::string& workload) {
  auto identity = std::make_shared<Identity>();
  identity->name = name;
  identity->name_space = name_space;
  identity->workload = workload;
  identity->workload_kind = "Deployment";
  identity->labels = {{"app", workload}, {"tier", "a=b"}};
  return identity;
}

/// Two records each of `flows` flows of node-a, the first hour of the agent.
inline HistoryBatchPtr make_history(std::uint64_t flows) {
  auto batch = std::make_shared<HistoryBatch>();
  batch->id = "node-a/1/1";
  batch->node = "node-a";
  const auto web = deployment_pod("=web-1", "shop", "web");
  for (std::uint64_t id = 1; id <= flows; ++id) {
    for (int part = 0; part < 2; ++part) {
      FlowRecord record;
      record.flow_id = id;
      record.first_seen = kBegin + static_cast<Micros>(id) * kSecondMicros;
      record.time = record.first_seen + part * 10 * kSecondMicros;
      record.last_seen = record.time + kSecondMicros;
      record.tuple = {IpAddress::v4(0x0a000000U + static_cast<std::uint32_t>(id)),
                      IpAddress::parse("fd00::1").value(), 40'000, 443, kProtoTcp};
      record.forward = {1, id * 100};
      record.reverse = {1, 50};
      record.tcp_flags = 0x12;
      record.reverse_tcp_flags = part == 0 ? 0 : 0x10;
      record.rtt = 1234;
      record.direction = "egress";
      record.verdict = part == 0 ? "open" : "closed";
      record.began = part == 0;
      // The name was known a little late.
      if (part == 1) record.src = web;
      batch->flows.push_back(record);
    }
  }
  DropEvent drop;
  drop.time = kBegin + 60 * kSecondMicros;
  drop.tuple = batch->flows.front().tuple;
  drop.reason = "NETFILTER_DROP";
  drop.hook = "netfilter";
  drop.packets = 3;
  batch->drops.push_back(drop);
  return batch;
}

/// For tests: the API over a real server, with history in memory. Its clock stands
/// an hour after kStart.
class QueryApi : public ::testing::Test {
 protected:
  void SetUp() override { start(true); }
  void TearDown() override {
    server->stop();
    store.stop();
  }
  void start(bool with_history) {
    if (server) server->stop();
    auto snapshot = make_snapshot(5);
    snapshot->table.total_flows = 9;  // four have ended
    agent.set(snapshot);
    server = HttpServer::make({.address = "127.0.0.1"}).value();
    ApiSources sources{.snapshots = agent,
                       .feed = agent,
                       .readiness = [] { return Readiness{true, ""}; },
                       .metrics = [](const Snapshot&, std::string_view) { return MetricsPage{}; },
                       .clock = clock};
    if (with_history) {
      sources.history = &store;
      sources.flush_history = [this](std::function<void()> done) {
        ++flushes;
        store.flush(0, std::move(done));
      };
      sources.export_parquet = [](const QueryAnswer& answer, const std::string& path) -> Status {
        if (answer.rows.size() > 50) return fail("COPY (SELECT secret) failed");
        std::ofstream(path) << "PAR1 " << answer.rows.size();
        return {};
      };
    }
    api = std::make_unique<Api>(ApiOptions{}, sources);
    api->add_routes(*server);
    ASSERT_TRUE(server->start());
  }
  Answer get(const std::string& path) { return HttpClient(server->port()).get(path); }
  Answer ask(const std::string& query, const std::string& more = "") {
    return get("/api/query?q=" + percent_encode(query) + more);
  }
  boost::json::object answer(const std::string& query, const std::string& more = "") {
    const auto got = ask(query, more);
    EXPECT_EQ(got.status, 200) << got.body;
    return boost::json::parse(got.body).as_object();
  }

  SharedClock clock{kStart + 3600 * kSecond};
  FakeAgent agent;
  FakeStore store;
  std::atomic<int> flushes = 0;
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<Api> api;
};

}  // namespace netprobe::testing
