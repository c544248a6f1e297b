// SPDX-License-Identifier: Apache-2.0
#include "agent/history_stage.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace netprobe {
namespace {

// A whole minute.
constexpr Nanos kBegin = 60 * 1'000'000 * kSecond;

class Names final : public PointNames {
 public:
  [[nodiscard]] std::string_view interface_name(std::uint32_t) const override { return "veth1"; }
  [[nodiscard]] Role interface_role(std::uint32_t) const override { return Role::kPod; }
  [[nodiscard]] bool is_local(const IpAddress&) const override { return false; }
};

class Store final : public HistoryStore {
 public:
  void write(HistoryBatchPtr batch) override { batches.push_back(std::move(batch)); }
  void flush(Micros, std::function<void()> done) override {
    ++flushes;
    done();
  }
  void query(QueryRequest, QueryDone) override {}
  [[nodiscard]] HistoryStatus status() const override { return {}; }
  void stop() override {}

  [[nodiscard]] Counters forward() const {
    Counters sum;
    for (const auto& batch : batches)
      for (const FlowRecord& each : batch->flows) sum += each.forward;
    return sum;
  }
  [[nodiscard]] std::size_t records() const {
    std::size_t sum = 0;
    for (const auto& batch : batches) sum += batch->size();
    return sum;
  }
  std::vector<HistoryBatchPtr> batches;
  int flushes = 0;
};

class Stage : public testing::Test {
 protected:
  Stage() : clock_(kBegin + 10 * kSecond), table_({}, names_) {
    HistoryHooks hooks;
    hooks.naming.judge = [](Flow&) {};
    hooks.naming.interface_name = [](std::uint32_t) { return std::string_view("veth1"); };
    hooks.sweep = [this] { ++sweeps_; };
    hooks.request_signals = [this](std::function<void(SignalsPtr)> done) {
      ++requests_;
      if (slow_) return;
      auto signals = std::make_shared<Signals>();
      signals->drops = drops_;
      done(std::move(signals));
    };
    hooks.use_signals = [this](const SignalsPtr&) { ++used_; };
    hooks.wake = [] {};
    stage_ = std::make_unique<HistoryStage>(HistoryFeedOptions{.node = "n1"}, std::move(hooks),
                                            store_, clock_, table_);
  }
  void send(std::uint16_t port, std::uint64_t packets) {
    FlowDelta delta;
    delta.tuple = {IpAddress::v4(0x0a000001), IpAddress::v4(0x0a000002), port, 80, kProtoUdp};
    delta.ifindex = 1;
    delta.counters = {packets, packets * 100};
    delta.first = delta.last = clock_.monotonic();
    FlowHandle handle = 0;
    table_.on_flow(delta, handle);
  }
  /// Turns until nothing is left to do at this moment.
  int turn() {
    int turns = 3;
    for (int i = 0; i < 3; ++i)
      while (stage_->cycle()) ++turns;
    return turns;
  }

  ManualClock clock_;
  const Names names_;
  FlowTable table_;
  Store store_;
  DropReport drops_;
  int sweeps_ = 0;
  int requests_ = 0;
  int used_ = 0;
  bool slow_ = false;
  std::unique_ptr<HistoryStage> stage_;
};

TEST_F(Stage, CutsAtEachMinute) {
  send(1, 3);
  clock_.advance(40 * kSecond);
  turn();
  EXPECT_EQ(store_.records(), 0U);
  EXPECT_EQ(requests_, 0);
  clock_.set(kBegin + 60 * kSecond + 30 * kMillisecond);
  turn();
  EXPECT_EQ(sweeps_, 1);
  EXPECT_EQ(used_, 1);
  clock_.advance(kSecond);
  turn();  // the batch is due
  ASSERT_EQ(store_.records(), 1U);
  EXPECT_EQ(store_.forward().packets, 3U);
  EXPECT_EQ(store_.batches[0]->flows[0].time, (kBegin + 10 * kSecond) / kMicrosecond);
  send(1, 4);
  clock_.set(kBegin + 120 * kSecond);
  turn();
  clock_.advance(kSecond);
  turn();
  EXPECT_EQ(store_.forward().packets, 7U);
  EXPECT_EQ(store_.batches[1]->flows[0].time, (kBegin + 60 * kSecond) / kMicrosecond)
      << "the minute, however late the cut was";
  EXPECT_EQ(requests_, 2);
}

TEST_F(Stage, TakesManyFlowsInSlices) {
  for (std::uint16_t port = 1; port <= 9'000; ++port) send(port, 1);
  clock_.set(kBegin + 60 * kSecond);
  EXPECT_GE(turn(), 6);
  clock_.advance(kSecond);
  turn();
  EXPECT_EQ(store_.forward().packets, 9'000U);
}

TEST_F(Stage, WaitsForSignalsButNotForLong) {
  slow_ = true;
  send(1, 3);
  clock_.set(kBegin + 60 * kSecond);
  turn();
  EXPECT_EQ(sweeps_, 0);
  clock_.advance(kSecond);
  turn();
  EXPECT_EQ(sweeps_, 1);
  clock_.advance(kSecond);
  turn();
  EXPECT_EQ(store_.forward().packets, 3U);
}

TEST_F(Stage, WhoAsksGetsWhatThereIsNow) {
  int done = 0;
  send(1, 3);
  stage_->flush(false, [&] { ++done; });
  turn();
  EXPECT_EQ(done, 1);
  EXPECT_EQ(store_.forward().packets, 3U);
  // No more often than every five seconds.
  send(1, 4);
  clock_.advance(4 * kSecond);
  stage_->flush(false, [&] { ++done; });
  turn();
  EXPECT_EQ(done, 2);
  EXPECT_EQ(sweeps_, 1);
  EXPECT_EQ(store_.forward().packets, 3U);
  stage_->flush(true, [&] { ++done; });
  turn();
  EXPECT_EQ(done, 3);
  EXPECT_EQ(sweeps_, 2);
  EXPECT_EQ(store_.forward().packets, 7U);
  EXPECT_EQ(store_.flushes, 3);
}

TEST_F(Stage, RecordsDropsAndConnections) {
  DropRecord drop;
  drop.reason = "NO_SOCKET";
  drop.count = 5;
  drops_.records = {drop};
  drops_.totals = {{{"NO_SOCKET", ""}, 6}};
  Connection connection;
  connection.id = 7;
  connection.closed = clock_.wall();
  for (int i = 0; i < 2'500; ++i) stage_->on_connection(connection);
  bool done = false;
  stage_->flush(false, [&] { done = true; });
  turn();
  EXPECT_TRUE(done);
  std::size_t connections = 0;
  std::uint64_t dropped = 0;
  for (const auto& batch : store_.batches) {
    connections += batch->connections.size();
    for (const DropEvent& each : batch->drops) dropped += each.packets;
  }
  EXPECT_EQ(connections, 2'500U);
  EXPECT_EQ(dropped, 5U);
  const auto losses = stage_->losses();
  ASSERT_EQ(losses.size(), 2U);
  EXPECT_EQ(losses[0].cause, "drop_without_record");
  EXPECT_EQ(losses[0].count, 1U);
  EXPECT_EQ(losses[1].cause, "connection_queue_full");
  EXPECT_EQ(losses[1].count, 0U);
}

TEST_F(Stage, FetchesSignalsForFlowsOfConnectionsThatEnded) {
  Connection connection;
  connection.closed = clock_.wall();
  stage_->on_connection(connection);
  clock_.advance(kSecond);
  turn();
  EXPECT_EQ(requests_, 1);
  EXPECT_EQ(used_, 1);
  stage_->on_connection(connection);
  clock_.advance(kSecond);
  turn();
  EXPECT_EQ(requests_, 1) << "not so often";
  clock_.advance(8 * kSecond);
  turn();
  EXPECT_EQ(requests_, 2);
  clock_.advance(8 * kSecond);
  turn();
  EXPECT_EQ(requests_, 2) << "none ended since";
  EXPECT_EQ(sweeps_, 0);
}

TEST_F(Stage, HandsOverAllAtItsEnd) {
  for (std::uint16_t port = 1; port <= 5'000; ++port) send(port, 1);
  clock_.set(kBegin + 60 * kSecond);
  stage_->cycle();
  stage_->cycle();
  stage_->cycle();  // in the midst of a cut
  send(1, 7);
  Connection connection;
  connection.closed = clock_.wall();
  for (int i = 0; i < 1'500; ++i) stage_->on_connection(connection);
  stage_->cycle();
  stage_->on_connection(connection);
  int done = 0;
  stage_->flush(false, [&] { ++done; });
  stage_->finish();
  EXPECT_EQ(done, 1);
  EXPECT_EQ(store_.forward().packets, 5'007U);
  std::size_t connections = 0;
  for (const auto& batch : store_.batches) connections += batch->connections.size();
  EXPECT_EQ(connections, 1'501U);
  stage_->flush(false, [&] { ++done; });
  EXPECT_EQ(done, 2) << "at once";
}

}  // namespace
}  // namespace netprobe
