// SPDX-License-Identifier: Apache-2.0
// Traffic through the real agent is found again in history, packet for packet,
// after the agent has ended.
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "agent.h"
#include "cluster.h"
#include "store/duckdb/duckdb_store.h"
#include "store/duckdb/library.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

/// Of one flow: packets and bytes, both ways.
using Totals = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t>;
using FlowTotals = std::map<std::uint64_t, Totals>;

class History : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    if (!have_program("socat") || !have_program("iperf3"))
      GTEST_SKIP() << "needs the programs socat and iperf3";
    if (const auto library = duck::Library::load(); !library)
      GTEST_SKIP() << library.error().message;
    auto made = NodeAndPod::make();
    ASSERT_TRUE(made) << made.error().message;
    node_.emplace(std::move(made->node));
    pod_.emplace(std::move(made->pod));
  }
  [[nodiscard]] Result<Agent> agent() const {
    return Agent::start(*node_, {"--data-dir=" + dir_.path()});
  }
  /// A connection that sends a little and ends.
  void connect() const {
    EXPECT_TRUE(pod_->run({"sh", "-c", "echo data | socat -u - TCP4:10.77.0.1:7007"}));
  }
  /// Of flows that the agent has: when nothing comes any more.
  static FlowTotals flows_of(const Agent& agent) {
    FlowTotals before;
    FlowTotals now;
    (void)eventually([&] {
      before = std::exchange(now, {});
      for (const auto flow : agent.json("/api/flows?limit=10000").root()["flows"])
        now[number_of(flow, "id")] = {number_of(flow, "packets"), number_of(flow, "bytes"),
                                      number_of(flow, "reverse_packets"),
                                      number_of(flow, "reverse_bytes")};
      return !now.empty() && now == before;
    });
    return now;
  }
  [[nodiscard]] QueryAnswer ask(const Query& query) const {
    const SystemClock clock;
    DuckDbOptions options;
    options.directory = dir_.file("history");
    auto store = DuckDbStore::open(options, clock);
    if (!store) throw std::runtime_error(store.error().message);
    std::promise<std::expected<QueryAnswer, QueryFailure>> answered;
    (*store)->query({.query = query, .limits = {}, .cursor = {}},
                    [&](auto answer) { answered.set_value(std::move(answer)); });
    auto answer = answered.get_future().get();
    (*store)->stop();
    if (!answer) throw std::runtime_error(answer.error().message);
    return *answer;
  }
  static std::uint64_t number(const Value& value) {
    if (const auto* number = std::get_if<std::uint64_t>(&value)) return *number;
    return static_cast<std::uint64_t>(std::get<std::int64_t>(value));
  }
  [[nodiscard]] FlowTotals recorded() const {
    Query query;
    query.by = {{FieldId::kFlowId, {}}};
    for (const auto& [field, name] :
         {std::pair{FieldId::kPackets, "a"}, std::pair{FieldId::kBytes, "b"},
          std::pair{FieldId::kReversePackets, "c"}, std::pair{FieldId::kReverseBytes, "d"}})
      query.aggregates.push_back({AggregateOp::kSum, {field, {}}, 0, name});
    FlowTotals totals;
    for (const auto& row : ask(query).rows)
      totals[number(row.at(0))] = {number(row.at(1)), number(row.at(2)), number(row.at(3)),
                                   number(row.at(4))};
    return totals;
  }

  std::optional<NetNamespace> node_;
  std::optional<NetNamespace> pod_;
  TempDir dir_;
};

TEST_F(History, HasEveryFlowAsItWas) {
  FlowTotals seen;
  {
    auto agent = this->agent();
    ASSERT_TRUE(agent) << agent.error().message;
    auto server = node_->start(
        {"socat", "-u", "-d", "-d", "TCP4-LISTEN:7007,fork,reuseaddr", "OPEN:/dev/null"});
    ASSERT_TRUE(server);
    ASSERT_TRUE(server->wait_for_output("listening", kPatience));
    for (int i = 0; i < 20; ++i) connect();
    EXPECT_TRUE(pod_->run({"ping", "-q", "-c", "20", "-i", "0.01", "10.77.0.1"}));
    EXPECT_TRUE(pod_->run({"ping", "-q", "-c", "5", "-i", "0.01", "fd77::1"}));
    auto meter = node_->start({"iperf3", "-s", "-1", "--forceflush"});
    ASSERT_TRUE(meter);
    ASSERT_TRUE(meter->wait_for_output("listening", kPatience));
    EXPECT_TRUE(
        pod_->run({"iperf3", "-c", "10.77.0.1", "-u", "-b", "50M", "-l", "1000", "-t", "3"}));
    seen = flows_of(*agent);
    ASSERT_GE(seen.size(), 23U);
    const auto ended = agent->stop();
    ASSERT_TRUE(ended) << ended.error().message;
    EXPECT_EQ(ended->exit_code, 0) << ended->err;
  }
  const FlowTotals kept = recorded();
  // What came while the agent ended may be in history alone.
  for (const auto& [id, totals] : seen) {
    const auto found = kept.find(id);
    ASSERT_NE(found, kept.end()) << "flow " << id << " is not there";
    EXPECT_EQ(found->second, totals) << "flow " << id;
  }
  // 20 clients and as many servers' sides, unless a side was closed by the kernel.
  Query connections;
  connections.kind = RecordKind::kConnection;
  connections.aggregates = {{AggregateOp::kCount, {}, 0, "count"}};
  EXPECT_GE(number(ask(connections).rows.at(0).at(0)), 40U);
}

TEST_F(History, GoesOnWhereTheAgentBeforeEnded) {
  for (int round = 1; round <= 2; ++round) {
    auto agent = this->agent();
    ASSERT_TRUE(agent) << agent.error().message;
    ASSERT_TRUE(pod_->run({"ping", "-q", "-c", "3", "-i", "0.01", "10.77.0.1"}));
    ASSERT_FALSE(flows_of(*agent).empty());
    ASSERT_TRUE(agent->stop());
    Query query;
    query.aggregates = {{AggregateOp::kCount, {}, 0, "count"}};
    EXPECT_GE(number(ask(query).rows.at(0).at(0)), static_cast<std::uint64_t>(round));
  }
}

TEST_F(History, OffIsSaid) {
  auto agent = Agent::start(*node_, {"--enable-history=false", "--data-dir=" + dir_.path()});
  ASSERT_TRUE(agent) << agent.error().message;
  EXPECT_EQ(text_of(agent->json("/ready").root(), "status"), "ready");
  EXPECT_NE(agent->get("/metrics").find("netprobe_history_info{engine=\"off\"} 1"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(dir_.file("history")));
}

}  // namespace
}  // namespace netprobe::test
