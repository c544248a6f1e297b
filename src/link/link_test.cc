// SPDX-License-Identifier: Apache-2.0
// An agent's server and a peer over loopback, with real TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "link/testing/certificates.h"
#include "link/testing/fake_agent.h"

namespace netprobe {
namespace {

using testing::Certificates;
using testing::eventually;
using testing::FakeAgent;
using ::testing::HasSubstr;
using testing::make_flow;
using testing::quick;
using testing::Received;

using Answered = std::expected<QueryAnswer, QueryFailure>;

struct LinkTest : ::testing::Test {
  AgentPeerPtr connect(const FakeAgent& agent) {
    return make_grpc_peer(quick(agent.address()),
                          certificates.credentials("server", "netprobe-agent"), clock);
  }
  static bool ready(const AgentPeerPtr& peer) {
    return eventually([&] { return peer->state()->link == AgentState::Link::kReady; });
  }
  static Answered ask(AgentPeer& peer, const std::string& text, QueryLimits limits = {}) {
    auto done = std::make_shared<std::promise<Answered>>();
    auto future = done->get_future();
    QueryRequest request;
    request.query = *parse_query(text, 0);
    request.limits = limits;
    peer.query(std::move(request), 20 * kSecond,
               [done](Answered answer) { done->set_value(std::move(answer)); });
    return future.get();
  }

  SystemClock clock;
  Certificates certificates;
};

TEST_F(LinkTest, SaysHelloAndTellsWhoIsThere) {
  FakeAgent agent(certificates.credentials("agent"));
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->losses = {{"ring", "full", 7}, {"ring", "none", 0}};
  agent.snapshots.snapshot = snapshot;
  const auto peer = connect(agent);
  ASSERT_TRUE(ready(peer)) << peer->state()->problem;
  const auto state = peer->state();
  EXPECT_EQ(state->node, "node-1");
  EXPECT_EQ(state->run_id, "run-1");
  EXPECT_EQ(state->version, "0.1.0");
  EXPECT_EQ(state->protocol, kProtocolNewest);
  EXPECT_EQ(state->problem, "");
  const std::vector<std::pair<std::string, std::uint64_t>> lost{{"ring/full", 7}};
  EXPECT_EQ(state->lost, lost);
}

TEST_F(LinkTest, AnswersAQueryInParts) {
  FakeAgent agent(certificates.credentials("agent"));
  QueryAnswer whole;
  whole.columns = {{.name = "src", .type = FieldType::kAddress},
                   {.name = "name", .type = FieldType::kText},
                   {.name = "n", .type = FieldType::kCount},
                   {.name = "d", .type = FieldType::kDuration},
                   {.name = "avg", .type = FieldType::kDuration, .is_real = true},
                   {.name = "on", .type = FieldType::kBool}};
  for (std::uint64_t i = 0; i < 30'000; ++i)
    whole.rows.push_back({*IpAddress::parse("10.0.0.1"),
                          std::string("pod-") + std::to_string(i % 9), i,
                          i % 3 == 0 ? Value() : Value(static_cast<std::int64_t>(i) - 5),
                          0.5 * static_cast<double>(i), i % 2 == 0});
  whole.tier = Tier::kMinute;
  whole.since = 5;
  whole.warnings = {"a day is missing"};
  whole.cursor = "1.2";
  whole.truncated = true;
  QueryRequest seen;
  agent.store.answer = [&](QueryRequest request, const QueryDone& done) {
    seen = std::move(request);
    done(whole);
  };
  const auto peer = connect(agent);
  ASSERT_TRUE(ready(peer));
  const auto answer = ask(*peer, "src.namespace=shop | count by dst.port", {.rows = 40'000});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->columns, whole.columns);
  EXPECT_EQ(answer->rows, whole.rows);
  EXPECT_EQ(answer->tier, Tier::kMinute);
  EXPECT_EQ(answer->since, 5);
  EXPECT_EQ(answer->until, std::nullopt);
  EXPECT_EQ(answer->warnings, whole.warnings);
  EXPECT_EQ(answer->cursor, "1.2");
  EXPECT_TRUE(answer->truncated);
  EXPECT_EQ(canonical(seen.query),
            canonical(*parse_query("src.namespace=shop | count by dst.port", 0)));
  EXPECT_EQ(seen.limits.rows, 40'000U);
}

TEST_F(LinkTest, PassesFailuresAndPagesOn) {
  FakeAgent agent(certificates.credentials("agent"));
  agent.server.reset();
  agent.page = [](const std::string& path, const std::string& query, const auto& done) {
    done(PageAnswer{.status = 404,
                    .content_type = "text/plain",
                    .body = path + "?" + query + std::string(600'000, 'x')});
  };
  agent.start(0);
  agent.store.answer = [](const QueryRequest&, const QueryDone& done) {
    done(std::unexpected(QueryFailure{QueryFailure::Kind::kTooBroad, "too many rows"}));
  };
  const auto peer = connect(agent);
  ASSERT_TRUE(ready(peer));
  const auto answer = ask(*peer, "flows");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, QueryFailure::Kind::kTooBroad);
  EXPECT_EQ(answer.error().message, "too many rows");
  std::promise<std::expected<PageAnswer, QueryFailure>> page;
  peer->page("/api/x", "a=b", 20 * kSecond, [&](auto got) { page.set_value(std::move(got)); });
  const auto got = page.get_future().get();
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->status, 404);
  EXPECT_EQ(got->content_type, "text/plain");
  EXPECT_EQ(got->body, "/api/x?a=b" + std::string(600'000, 'x'));
  std::promise<std::expected<PageAnswer, QueryFailure>> secret;
  peer->page("/etc/passwd", "", 20 * kSecond, [&](auto p) { secret.set_value(std::move(p)); });
  EXPECT_FALSE(secret.get_future().get());
}

TEST_F(LinkTest, CancelsAtTheAgentWhatNobodyWantsAnyMore) {
  FakeAgent agent(certificates.credentials("agent"));
  std::promise<std::shared_ptr<std::atomic<bool>>> asked;
  agent.store.answer = [&](const QueryRequest& request, const QueryDone&) {
    asked.set_value(request.cancelled);
  };
  const auto peer = connect(agent);
  ASSERT_TRUE(ready(peer));
  std::promise<Answered> done;
  QueryRequest request;
  request.query = *parse_query("flows", 0);
  const auto cancelled = request.cancelled;
  peer->query(std::move(request), 60 * kSecond, [&](Answered a) { done.set_value(std::move(a)); });
  const auto at_agent = asked.get_future().get();
  *cancelled = true;
  const auto answer = done.get_future().get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, QueryFailure::Kind::kCancelled);
  EXPECT_TRUE(eventually([&] { return at_agent->load(); }));
}

TEST_F(LinkTest, StreamsLiveFlows) {
  FakeAgent agent(certificates.credentials("agent"));
  const auto peer = connect(agent);
  ASSERT_TRUE(ready(peer));
  const auto received = std::make_shared<Received>();
  LiveRequest request;
  request.query = *parse_filter("dst.port=443", 0);
  const auto cancelled = request.cancelled;
  peer->live(std::move(request), [received](LiveBatch batch) {
    EXPECT_EQ(batch.node, "node-1");
    received->take(batch);
  });
  // The first message is from before anything was sent.
  ASSERT_TRUE(eventually([&] { return received->now() != 0; }));
  Flow other = make_flow(5);
  other.tuple.dst_port = 80;
  agent.feed.send({make_flow(1), make_flow(2), other});
  agent.feed.send({make_flow(3), make_flow(2, 9)});
  ASSERT_TRUE(eventually([&] { return received->records() >= 3; }));
  EXPECT_THAT(received->flows(), ::testing::SizeIs(3));
  EXPECT_EQ(received->lost(), 0U);
  *cancelled = true;
}

TEST_F(LinkTest, StreamsAlertsAsTheyAreTold) {
  FakeAgent agent(certificates.credentials("agent"));
  const auto peer = connect(agent);
  ASSERT_TRUE(ready(peer));
  std::mutex mutex;
  std::vector<AlertEvent> told;
  LiveRequest request;
  request.query = *parse_alert_filter("src.ip=fd00::9", 0);
  const auto cancelled = request.cancelled;
  peer->live(std::move(request), [&](const LiveBatch& batch) {
    EXPECT_EQ(batch.node, "node-1");
    if (!batch.records) return;
    const std::lock_guard lock(mutex);
    for (const AlertEvent& alert : batch.records->alerts) told.push_back(alert);
  });
  ASSERT_TRUE(eventually([&] { return agent.alerts.subscribers() == 1; }));
  // Who asks for alerts alone has no flows collected.
  EXPECT_EQ(agent.feed.subscribers(), 0U);
  AlertEvent alert;
  alert.id = "a1";
  alert.time = 1'764'000'000'000'007;
  alert.severity = "high";
  alert.evidence = R"({"change":"opened"})";
  alert.tuple.src = *IpAddress::parse("fd00::8");
  agent.alerts.tell(alert);
  alert.tuple.src = *IpAddress::parse("fd00::9");
  agent.alerts.tell(alert);
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return !told.empty();
  }));
  *cancelled = true;
  {
    const std::lock_guard lock(mutex);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].id, "a1");
    EXPECT_EQ(told[0].time, alert.time);
    EXPECT_EQ(told[0].severity, "high");
    EXPECT_EQ(told[0].evidence, alert.evidence);
    EXPECT_EQ(told[0].tuple.src, alert.tuple.src);
  }
  agent.server->stop();  // nobody is called behind this
}

TEST_F(LinkTest, TextsNeedNotBeUtf8) {
  // Anybody may call a process so; it must not cost the node its place in the cluster.
  const std::string name = "\xff\xfe\x80sh";
  FakeAgent agent(certificates.credentials("agent"), {}, 0, {.batch_time = 10 * kMillisecond});
  agent.store.answer = [&](const QueryRequest&, const QueryDone& done) {
    QueryAnswer answer;
    answer.columns = {{.name = "src.process", .type = FieldType::kText}};
    answer.rows = {{name}};
    answer.warnings = {name};
    done(std::move(answer));
  };
  const auto peer = connect(agent);
  ASSERT_TRUE(ready(peer));
  const auto answer = ask(*peer, "flows");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(std::get<std::string>(answer->rows.at(0).at(0)), name);
  EXPECT_EQ(answer->warnings.at(0), name);
  const auto received = std::make_shared<Received>();
  LiveRequest request;
  request.query = *parse_filter("", 0);
  const auto cancelled = request.cancelled;
  peer->live(std::move(request), [received](const LiveBatch& batch) { received->take(batch); });
  ASSERT_TRUE(eventually([&] { return agent.feed.subscribers() > 0; }));
  Flow flow = make_flow(1);
  auto process = std::make_shared<ProcessRef>();
  process->comm = name;
  process->pid = 7;
  flow.client_process = process;
  agent.feed.send({flow});
  EXPECT_TRUE(eventually([&] { return received->records() == 1; })) << peer->state()->problem;
  EXPECT_TRUE(peer->state()->faults.empty());
  *cancelled = true;
}

TEST_F(LinkTest, TakesAStreamUpWhereItBroke) {
  FakeAgent agent(certificates.credentials("agent"), {}, 0, {.batch_time = 10 * kMillisecond});
  const auto port = agent.server->port();
  const auto peer = connect(agent);
  ASSERT_TRUE(ready(peer));
  const auto received = std::make_shared<Received>();
  LiveRequest request;
  request.query = *parse_filter("", 0);
  const auto cancelled = request.cancelled;
  peer->live(std::move(request), [received](const LiveBatch& batch) { received->take(batch); });
  ASSERT_TRUE(eventually([&] { return received->now() != 0; }));
  std::uint64_t sent = 0;
  for (int i = 0; i < 20; ++i) agent.feed.send({make_flow(++sent)});
  ASSERT_TRUE(eventually([&] { return received->records() == sent; }));
  // The agent itself is killed and begins anew: what was between is nobody's, but that
  // something may be missing is told.
  agent.server.reset();
  agent.service.run_id = "run-2";
  agent.start(port);
  ASSERT_TRUE(eventually([&] { return agent.feed.subscribers() > 0; }));
  ASSERT_TRUE(eventually([&] { return received->lost() > 0; }));
  for (int i = 0; i < 20; ++i) agent.feed.send({make_flow(++sent)});
  ASSERT_TRUE(eventually([&] { return received->records() == sent; }));
  for (const auto& [flow, times] : received->flows()) EXPECT_EQ(times, 1) << flow;
  EXPECT_TRUE(eventually([&] { return peer->state()->run_id == "run-2"; }));
  *cancelled = true;
}

TEST_F(LinkTest, AnswersALiveAggregateByWindow) {
  FakeAgent agent(certificates.credentials("agent"));
  const auto peer = connect(agent);
  ASSERT_TRUE(ready(peer));
  const auto received = std::make_shared<Received>();
  LiveRequest request;
  request.query = *parse_query("flows | sum packets by dst.port every 1s", 0);
  const auto cancelled = request.cancelled;
  peer->live(std::move(request), [received](const LiveBatch& batch) { received->take(batch); });
  ASSERT_TRUE(eventually([&] { return agent.feed.subscribers() > 0; }));
  Flow flow = make_flow(1, 10);
  flow.first_seen += 2 * kSecond;  // it begins behind the question
  agent.feed.send({flow});
  flow.forward.packets = 25;
  agent.feed.send({flow});
  const auto total = [&] {
    std::uint64_t sum = 0;
    for (const auto& window : received->windows())
      for (const auto& row : window->rows) sum += std::get<std::uint64_t>(row.back());
    return sum;
  };
  EXPECT_TRUE(eventually([&] { return total() == 25; }));
  *cancelled = true;
}

}  // namespace
}  // namespace netprobe
