// SPDX-License-Identifier: Apache-2.0
// Agents that are none, that lie, flood or are silent: one sentence, a counter, bounded
// memory, and another agent beside it that answers all the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <limits>

#include "link/records_codec.h"
#include "link/testing/fake_agent.h"
#include "link/testing/hostile_agent.h"
#include "link/testing/raw_server.h"

namespace netprobe {
namespace {

using testing::answer_http2;
using testing::eventually;
using testing::FakeAgent;
using ::testing::HasSubstr;
using testing::HostileAgent;
using testing::quick;
using testing::RawServer;
using testing::Received;

using Answered = std::expected<QueryAnswer, QueryFailure>;

struct HostileAgentTest : ::testing::Test {
  void TearDown() override {
    // The other agent is asked when everything bad has happened, and answers.
    ASSERT_TRUE(eventually([&] { return good->state()->link == AgentState::Link::kReady; }));
    const auto answer = ask(*good);
    EXPECT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(good->state()->failures, 0U);
    EXPECT_TRUE(good->state()->faults.empty());
  }
  AgentPeerPtr connect(const std::string& address) {
    GrpcPeerOptions options = quick(address);
    options.hello_deadline = kSecond;
    options.live_silence = 600 * kMillisecond;
    options.cut_off = 20 * kSecond;  // what it was cut off for stands there until the end
    options.max_page = 1U << 20U;
    return make_grpc_peer(options, plain, clock);
  }
  static Answered ask(AgentPeer& peer, Nanos deadline = 20 * kSecond) {
    auto done = std::make_shared<std::promise<Answered>>();
    auto future = done->get_future();
    QueryRequest request;
    request.query = *parse_query("flows | limit 100", 0);
    request.limits.rows = 1000;
    peer.query(std::move(request), deadline, [done](Answered a) { done->set_value(std::move(a)); });
    return future.get();
  }
  static std::shared_ptr<Received> listen(AgentPeer& peer) {
    auto received = std::make_shared<Received>();
    LiveRequest request;
    request.query = *parse_filter("", 0);
    peer.live(std::move(request), [received](const LiveBatch& batch) { received->take(batch); });
    return received;
  }
  static bool ready(const AgentPeerPtr& peer) {
    return eventually([&] { return peer->state()->link == AgentState::Link::kReady; });
  }
  /// Waits for the sentence that /api/agents shows.
  static std::string problem(const AgentPeerPtr& peer) {
    EXPECT_TRUE(eventually([&] { return !peer->state()->problem.empty(); }));
    return peer->state()->problem;
  }
  static std::uint64_t faults(const AgentPeerPtr& peer, const std::string& cause) {
    for (const auto& [name, count] : peer->state()->faults)
      if (name == cause) return count;
    return 0;
  }
  /// Asks, and expects that the agent is cut off for what it answers.
  void expect_cut_off(const HostileAgent& agent, const std::string& cause, const std::string& why) {
    const auto peer = connect(agent.address());
    ASSERT_TRUE(ready(peer)) << peer->state()->problem;
    const auto answer = ask(*peer);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message, HasSubstr(why));
    expect_refused(peer, agent.address(), cause, why);
  }
  static void expect_refused(const AgentPeerPtr& peer, const std::string& address,
                             const std::string& cause, const std::string& why) {
    EXPECT_TRUE(eventually([&] { return peer->state()->link == AgentState::Link::kRefused; }));
    EXPECT_THAT(peer->state()->problem,
                HasSubstr("the agent at " + address + " is cut off for a while: it sent "));
    EXPECT_THAT(peer->state()->problem, HasSubstr(why));
    EXPECT_GE(faults(peer, cause), 1U);
  }

  SystemClock clock;
  LinkCredentialsPtr plain =
      *LinkCredentials::make({.files = {}, .insecure = true, .peer_name = ""}, clock);
  FakeAgent good_agent{plain};
  AgentPeerPtr good = connect(good_agent.address());
};

TEST_F(HostileAgentTest, BytesOfNoProtocol) {
  RawServer server([](const RawServer::Connection& to) {
    std::string garbage;
    for (int i = 0; i < 65'536; ++i) garbage += static_cast<char>(i * 7919 >> 3);
    to.send(garbage);
    (void)to.wait(2000);
  });
  const auto peer = connect(server.address());
  EXPECT_THAT(problem(peer), HasSubstr(server.address() + " is no agent: it does not speak gRPC"));
}

TEST_F(HostileAgentTest, AnotherWebServer) {
  RawServer server([](const RawServer::Connection& to) {
    to.send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    (void)to.wait(200);
  });
  const auto peer = connect(server.address());
  EXPECT_THAT(problem(peer), HasSubstr(server.address() + " is no agent: it does not speak gRPC"));
}

TEST_F(HostileAgentTest, Http2ThatIsNoGrpc) {
  for (const std::string status : {"\x88", "\x8d"}) {  // 200, 404: of HPACK's static table
    RawServer server([status](const RawServer::Connection& to) {
      answer_http2(to, status + "\x0f\x10\x09text/html", "<html>hello</html>");
    });
    const auto peer = connect(server.address());
    EXPECT_THAT(problem(peer), HasSubstr(server.address() + " is no agent: "));
  }
}

TEST_F(HostileAgentTest, AcceptsAndNeverAnswers) {
  RawServer server([](const RawServer::Connection& to) { (void)to.wait(60'000); });
  const auto peer = connect(server.address());
  EXPECT_THAT(problem(peer), HasSubstr("did not answer in time"));
  EXPECT_EQ(peer->state()->link, AgentState::Link::kUnreachable);
}

TEST_F(HostileAgentTest, TricklesAByteAtATime) {
  RawServer server([](const RawServer::Connection& to) {
    const std::string settings = testing::http2_frame(4, 0, 0, std::string(6'000, '\0'));
    for (std::size_t i = 0; i < settings.size() && to.send(settings.substr(i, 1)); ++i)
      if (!to.wait(100)) return;
  });
  const auto peer = connect(server.address());
  EXPECT_THAT(problem(peer), HasSubstr("did not answer in time"));
}

TEST_F(HostileAgentTest, GreetsWithGarbage) {
  HostileAgent agent({{"Hello", HostileAgent::once("\xff\xff\xff garbage")}});
  const auto peer = connect(agent.address());
  expect_refused(peer, agent.address(), "unreadable", "a message that cannot be read");
}

TEST_F(HostileAgentTest, GreetsWithoutAName) {
  HostileAgent agent({{"Hello", HostileAgent::once(std::string())}});
  const auto peer = connect(agent.address());
  expect_refused(peer, agent.address(), "impossible", "a greeting without the name of its node");
}

TEST_F(HostileAgentTest, AnswersWithGarbage) {
  expect_cut_off(HostileAgent({{"Query", HostileAgent::once("\x0a\xff\xff\xff\xff\x0f")}}),
                 "unreadable", "a message that cannot be read");
}

TEST_F(HostileAgentTest, AnswersWithAPackedBomb) {
  // 64 MiB of zeros are 64 KiB on their way. gRPC would unpack all of it first.
  const std::string zeros(1U << 20U, '\0');
  std::vector<grpc::Slice> slices(64, grpc::Slice(zeros));
  HostileAgent::Answer bomb = HostileAgent::once(grpc::ByteBuffer(slices.data(), slices.size()));
  bomb.packs = true;
  expect_cut_off(HostileAgent({{"Query", bomb}}), "too_large",
                 "a message that is larger than the 16 MiB that any may have");
}

TEST_F(HostileAgentTest, AnswersWithAMessageThatIsTooLarge) {
  expect_cut_off(HostileAgent({{"Query", HostileAgent::once(std::string(20U << 20U, 'x'))}}),
                 "too_large", "a message that is larger than any may be");
}

TEST_F(HostileAgentTest, AnswersWithManyEmptyColumns) {
  // Two bytes each, and some hundred as objects.
  std::string columns;
  for (int i = 0; i < 7'000'000; ++i) columns += std::string("\x12\x00", 2);
  const auto size = static_cast<std::uint32_t>(columns.size());
  std::string head = "\x0a";
  for (std::uint32_t left = size;; left >>= 7U) {
    head += static_cast<char>((left & 0x7fU) | (left > 0x7f ? 0x80U : 0U));
    if (left <= 0x7f) break;
  }
  expect_cut_off(HostileAgent({{"Query", HostileAgent::once(head + columns)}}), "too_large",
                 "would take more than 256 MiB of memory");
}

TEST_F(HostileAgentTest, AnswersWithATableThatLies) {
  v1::QueryReply reply;
  v1::Table& table = *reply.mutable_rows();
  table.set_rows(std::numeric_limits<std::uint32_t>::max());
  table.add_columns()->set_name("bytes");
  expect_cut_off(HostileAgent({{"Query", HostileAgent::once(message_bytes(reply))}}), "impossible",
                 "a table of 4294967295 rows");
  table.set_rows(5);
  table.mutable_columns(0)->add_numbers(1);
  expect_cut_off(HostileAgent({{"Query", HostileAgent::once(message_bytes(reply))}}), "impossible",
                 "column 'bytes' has 1 values for 5 rows");
}

TEST_F(HostileAgentTest, AnswersWithoutEnd) {
  v1::QueryReply reply;
  v1::Table& table = *reply.mutable_rows();
  table.set_rows(100);
  v1::Column& column = *table.add_columns();
  column.set_name("n");
  for (std::uint64_t i = 0; i < 100; ++i) column.add_numbers(i);
  const HostileAgent agent({{"Query", HostileAgent::forever(reply)}});
  expect_cut_off(agent, "impossible", "more rows than it was asked for");
  // What is not read is not sent: its window is all that is on the way.
  EXPECT_LT(agent.sent(), 20'000U);
}

TEST_F(HostileAgentTest, PagesWithoutEnd) {
  v1::PageReply reply;
  reply.set_status(200);
  reply.set_body(std::string(10'000, 'x'));
  const HostileAgent agent({{"Page", HostileAgent::forever(reply)}});
  const auto peer = connect(agent.address());
  ASSERT_TRUE(ready(peer));
  std::promise<std::expected<PageAnswer, QueryFailure>> done;
  peer->page("/api/stats", "", 20 * kSecond, [&](auto got) { done.set_value(std::move(got)); });
  EXPECT_FALSE(done.get_future().get());
  expect_refused(peer, agent.address(), "too_large", "a page that is larger than any may be");
}

TEST_F(HostileAgentTest, SumsOfGarbage) {
  const HostileAgent agent({{"Sums", HostileAgent::once("garbage")}});
  const auto peer = connect(agent.address());
  ASSERT_TRUE(ready(peer));
  std::promise<bool> done;
  peer->sums(20 * kSecond, [&](const auto& got) { done.set_value(got.has_value()); });
  EXPECT_FALSE(done.get_future().get());
  expect_refused(peer, agent.address(), "unreadable", "a message that cannot be read");
}

TEST_F(HostileAgentTest, NeverAnswersAQuestion) {
  const HostileAgent agent({{"Query", HostileAgent::silence()}});
  const auto peer = connect(agent.address());
  ASSERT_TRUE(ready(peer));
  const auto answer = ask(*peer, 500 * kMillisecond);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, QueryFailure::Kind::kNoStore);
  EXPECT_THAT(answer.error().message, HasSubstr("did not answer in time"));
  EXPECT_GE(peer->state()->failures, 1U);
}

TEST_F(HostileAgentTest, ALiveStreamOfNothing) {
  const HostileAgent agent({{"Live", HostileAgent::silence()}});
  const auto peer = connect(agent.address());
  ASSERT_TRUE(ready(peer));
  const auto received = listen(*peer);
  EXPECT_TRUE(eventually([&] { return faults(peer, "silent") >= 2; }));
  EXPECT_THAT(problem(peer), HasSubstr("told nothing on a live stream for 0.6 s"));
  EXPECT_EQ(peer->state()->link, AgentState::Link::kReady);  // its answers are good
}

v1::LiveReply live_reply(const std::string& node, std::uint64_t sequence) {
  HistoryBatch batch;
  batch.node = node;
  batch.flows.resize(3);
  v1::LiveReply reply;
  reply.set_run_id("evil-run/1");
  reply.set_sequence(sequence);
  RecordsEncoder().encode(batch, *reply.mutable_records());
  return reply;
}

HostileAgent::Answer live_answer(std::vector<v1::LiveReply> replies) {
  return {.next = [replies = std::move(replies)](std::size_t n) -> std::optional<grpc::ByteBuffer> {
            if (n >= replies.size()) return std::nullopt;
            return message_bytes(replies[n]);
          },
          .ends = false};
}

TEST_F(HostileAgentTest, SpeaksForAnotherNode) {
  const HostileAgent agent({{"Live", live_answer({live_reply("node-1", 1)})}});
  const auto peer = connect(agent.address());
  ASSERT_TRUE(ready(peer));
  const auto received = listen(*peer);
  expect_refused(peer, agent.address(), "other_node",
                 "records of the node 'node-1', and is itself on 'evil'");
  EXPECT_EQ(received->records(), 0U);
}

TEST_F(HostileAgentTest, CountsBackwards) {
  const HostileAgent agent({{"Live", live_answer({live_reply("evil", 7), live_reply("evil", 6)})}});
  const auto peer = connect(agent.address());
  ASSERT_TRUE(ready(peer));
  const auto received = listen(*peer);
  expect_refused(peer, agent.address(), "out_of_order", "number 6 behind 7 in a stream");
  EXPECT_EQ(received->records(), 3U);
}

TEST_F(HostileAgentTest, LiveRecordsThatLie) {
  v1::LiveReply reply = live_reply("evil", 1);
  reply.mutable_records()->mutable_flows()->set_rows(60'000);
  const HostileAgent agent({{"Live", live_answer({reply})}});
  const auto peer = connect(agent.address());
  ASSERT_TRUE(ready(peer));
  const auto received = listen(*peer);
  expect_refused(peer, agent.address(), "impossible", "records that cannot be: column");
}

TEST_F(HostileAgentTest, RefusesAnotherMajorVersionByBothNames) {
  v1::HelloReply hello;
  hello.set_node("evil");
  hello.set_version("2.0.0");
  hello.set_protocol_oldest(7);
  hello.set_protocol_newest(9);
  const HostileAgent agent({{"Hello", HostileAgent::once(message_bytes(hello))}});
  const auto peer = connect(agent.address());
  EXPECT_THAT(problem(peer),
              HasSubstr("(version 2.0.0) speaks protocols 7 to 9, and this program (version 0.1.0) "
                        "1 to 1: bring this side up to date"));
  EXPECT_EQ(faults(peer, "other_version"), 1U);
}

}  // namespace
}  // namespace netprobe
