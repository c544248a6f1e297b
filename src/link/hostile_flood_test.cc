// SPDX-License-Identifier: Apache-2.0
// Senders without end, against those who take slowly: what is kept is bounded, what is
// not is counted by who sent it, and others' records all come.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "cluster/live_merge.h"
#include "link/names_client.h"
#include "link/records_codec.h"
#include "link/testing/fake_agent.h"
#include "link/testing/hostile_agent.h"

namespace netprobe {
namespace {

using testing::eventually;
using testing::FakeAgent;
using ::testing::HasSubstr;
using testing::HostileAgent;
using testing::make_flow;
using testing::quick;

constexpr std::size_t kMostWaiting = 4'000;

struct Directory final : AgentDirectory {
  std::vector<AgentPeerPtr> agents() const override { return peers; }
  std::vector<std::string> nodes() const override { return {}; }
  std::vector<AgentPeerPtr> peers;
};

/// Numbered batches of a thousand new flows, one behind the other.
HostileAgent::Answer flood() {
  auto encoder = std::make_shared<RecordsEncoder>();
  return {.next = [encoder](std::size_t n) -> std::optional<grpc::ByteBuffer> {
    HistoryBatch batch;
    batch.node = "evil";
    for (std::uint64_t i = 0; i < 1000; ++i) {
      FlowRecord& flow = batch.flows.emplace_back();
      flow.flow_id = n * 1000 + i + 1;
      flow.time = to_micros(SystemClock().wall());
    }
    v1::LiveReply reply;
    reply.set_run_id("evil-run/1");
    reply.set_sequence(n + 1);
    encoder->encode(batch, *reply.mutable_records());
    return message_bytes(reply);
  }};
}

TEST(HostileFlood, LiveRecordsWithoutEndTakeNoRoomOfOthers) {
  SystemClock clock;
  const auto plain =
      *LinkCredentials::make({.files = {}, .insecure = true, .peer_name = ""}, clock);
  FakeAgent good(plain, {}, 0, {.batch_time = 10 * kMillisecond});
  const HostileAgent evil({{"Live", flood()}});
  Directory directory;
  directory.peers = {make_grpc_peer(quick(good.address()), plain, clock),
                     make_grpc_peer(quick(evil.address()), plain, clock)};
  for (const auto& peer : directory.peers)
    ASSERT_TRUE(eventually([&] { return peer->state()->link == AgentState::Link::kReady; }));
  ThreadScheduler scheduler(1);
  const auto merge =
      LiveMerge::start(*parse_filter("", 0), directory, scheduler, clock,
                       {.hold_back = 20 * kMillisecond, .most_waiting = kMostWaiting}, nullptr);
  ASSERT_TRUE(eventually([&] { return good.feed.subscribers() > 0; }));
  std::map<std::string, std::uint64_t> records;
  std::map<std::string, std::uint64_t> lost;
  const auto take = [&] {
    EXPECT_LE(merge->kept(), kMostWaiting);
    for (const LiveItem& item : merge->take(200)) {
      if (item.kind == LiveItem::Kind::kRecord) ++records[item.node];
      if (item.kind == LiveItem::Kind::kLost) lost[item.node] += item.count;
    }
  };
  // It has all that one agent may have before the other begins.
  ASSERT_TRUE(eventually([&] { return merge->kept() >= kMostWaiting / 2; }));
  std::uint64_t sent = 0;
  for (int round = 0; round < 20; ++round) {
    std::vector<Flow> flows;
    for (int i = 0; i < 50; ++i) flows.push_back(make_flow(++sent));
    good.feed.send(std::move(flows));
    take();
  }
  EXPECT_TRUE(eventually([&] {
    take();
    return records["node-1"] == sent && lost["evil"] > 0;
  })) << records["node-1"];
  EXPECT_EQ(records["node-1"], sent);
  EXPECT_EQ(lost["node-1"], 0U);
  EXPECT_EQ(lost[""], 0U);
  EXPECT_GT(records["evil"], 0U);
  merge->stop();
  directory.peers.clear();
  scheduler.stop();
}

/// A server of names that tells of new pods for ever.
HostileAgent::Answer names_without_end() {
  return {.next = [](std::size_t n) -> std::optional<grpc::ByteBuffer> {
    v1::NamesReply reply;
    if (n == 0) reply.set_run_id("evil-run");
    reply.set_anew(n == 0);
    reply.set_sequence(n + 1);
    for (int i = 0; i < 100; ++i) {
      auto& pod = *reply.add_changes()->mutable_pod();
      pod.mutable_meta()->set_name("p" + std::to_string(n) + "-" + std::to_string(i));
      pod.mutable_meta()->set_name_space("shop");
    }
    return message_bytes(reply);
  }};
}

struct NamesFlood : ::testing::Test {
  void connect(const HostileAgent& server) {
    client = NamesClient::make({.server = server.address(),
                                .node = "node-1",
                                .version = "0.1.0",
                                .backoff_min = 20 * kMillisecond,
                                .backoff_max = 100 * kMillisecond,
                                .silence = 500 * kMillisecond,
                                .max_objects = 5'000},
                               plain, clock, ledger, [this](std::vector<KubeChange>& changes) {
                                 if (full) return false;
                                 changes.clear();
                                 return true;
                               });
    client->start();
  }
  /// The sentence of `netprobe status`.
  [[nodiscard]] std::string error(const std::string& part) const {
    EXPECT_TRUE(eventually([&] { return client->status().error.find(part) != std::string::npos; }))
        << client->status().error;
    return client->status().error;
  }
  void TearDown() override {
    if (client) client->stop();
  }

  SystemClock clock;
  LinkCredentialsPtr plain =
      *LinkCredentials::make({.files = {}, .insecure = true, .peer_name = ""}, clock);
  NamesLedgerPtr ledger = std::make_shared<NamesLedger>();
  std::atomic<bool> full = false;
  std::unique_ptr<NamesClient> client;
};

TEST_F(NamesFlood, NamesWithoutEndAreGivenUp) {
  const HostileAgent server({{"Watch", names_without_end()}});
  connect(server);
  EXPECT_THAT(error("more than"),
              HasSubstr("the server " + server.address() +
                        ": it tells of more than 5000 objects, which no cluster has"));
  // Never more than that and one message, however often it begins anew.
  EXPECT_TRUE(eventually([&] { return server.sent() > 200; }));
  EXPECT_LE(ledger->size(), 5'100U);
  EXPECT_NE(client->status().state, KubeState::kSynced);
}

TEST_F(NamesFlood, ReadsNoFurtherThanItCanTake) {
  full = true;
  const HostileAgent server({{"Watch", names_without_end()}});
  connect(server);
  ASSERT_TRUE(eventually([&] { return ledger->size() > 0; }));
  // One message at a time: the others wait at the server, as far as its window goes.
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(ledger->size(), 100U);
}

TEST_F(NamesFlood, GarbageForNames) {
  const HostileAgent server({{"Watch", HostileAgent::once("\xff\xff")}});
  connect(server);
  EXPECT_THAT(error("cannot be read"), HasSubstr(server.address()));
}

TEST_F(NamesFlood, ASilentServerOfNames) {
  const HostileAgent server({{"Watch", HostileAgent::silence()}});
  connect(server);
  EXPECT_THAT(error("is silent"), HasSubstr(server.address()));
}

}  // namespace
}  // namespace netprobe
