// SPDX-License-Identifier: Apache-2.0
// Callers that ask without end, send what cannot be read, or never read what they asked
// for: the agent refuses with a sentence, counts, keeps a bounded lot, and answers others.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <future>
#include <mutex>

#include "link/message_bytes.h"
#include "link/proto/netprobe.pb.h"
#include "link/testing/fake_agent.h"
#include "link/testing/raw_server.h"

namespace netprobe {
namespace {

using testing::eventually;
using testing::FakeAgent;
using ::testing::HasSubstr;
using testing::make_flow;
using testing::quick;

/// A call that asks and reads no more than it is told to.
class RawCall final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  RawCall(grpc::GenericStub& stub, const std::string& method, grpc::ByteBuffer asked, bool reads,
          bool packs = false)
      : asked_(std::move(asked)), reads_(reads) {
    if (packs) context_.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    stub.PrepareBidiStreamingCall(&context_, "/netprobe.v1.Agent/" + method, {}, this);
    StartWriteLast(&asked_, grpc::WriteOptions());
    if (reads_) StartRead(&got_);
    StartCall();
  }
  ~RawCall() {
    context_.TryCancel();
    done_.get_future().wait();
  }
  RawCall(const RawCall&) = delete;
  RawCall& operator=(const RawCall&) = delete;
  [[nodiscard]] bool over() const { return over_; }
  [[nodiscard]] grpc::Status status() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }
  /// Reads from now on.
  void read() { StartRead(&got_); }

 private:
  void OnReadDone(bool ok) override {
    if (ok) StartRead(&got_);
  }
  void OnDone(const grpc::Status& status) override {
    {
      const std::lock_guard lock(mutex_);
      status_ = status;
    }
    over_ = true;
    done_.set_value();
  }

  grpc::ClientContext context_;
  grpc::ByteBuffer asked_;
  grpc::ByteBuffer got_;
  const bool reads_;
  std::atomic<bool> over_ = false;
  mutable std::mutex mutex_;
  grpc::Status status_;
  std::promise<void> done_;
};
using Calls = std::vector<std::unique_ptr<RawCall>>;

struct HostileClientTest : ::testing::Test {
  void begin(AgentServiceOptions options = {}, LiveHubOptions live = {}) {
    agent = std::make_unique<FakeAgent>(plain, std::move(options), 0, std::move(live));
    good = make_grpc_peer(quick(agent->address()), plain, clock);
  }
  void TearDown() override {
    calls.clear();
    stubs.clear();
    // Whoever asks properly is answered when it is over.
    agent->store.answer = [](const QueryRequest&, const QueryDone& done) { done(QueryAnswer{}); };
    EXPECT_TRUE(eventually([&] { return agent->server->counts().queries == 0; }));
    ASSERT_TRUE(eventually([&] { return good->state()->link == AgentState::Link::kReady; }));
    std::promise<bool> done;
    QueryRequest request;
    request.query = *parse_query("flows", 0);
    good->query(std::move(request), 20 * kSecond,
                [&](const auto& got) { done.set_value(got.has_value()); });
    EXPECT_TRUE(done.get_future().get());
  }
  grpc::GenericStub& stub(bool plain_only = false) {
    // A connection of its own each: what gRPC allows one is not what bounds them.
    grpc::ChannelArguments arguments;
    arguments.SetInt("test.connection", static_cast<int>(stubs.size()));
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetMaxReceiveMessageSize(-1);
    // No more than HTTP/2's first window: what nobody reads fills it on a slow machine, too.
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    if (plain_only) arguments.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1);
    stubs.push_back(std::make_unique<grpc::GenericStub>(grpc::CreateCustomChannel(
        "ipv4:" + agent->address(), grpc::InsecureChannelCredentials(), arguments)));
    return *stubs.back();
  }
  void call(grpc::GenericStub& use, const std::string& method, grpc::ByteBuffer asked,
            bool reads = true, bool packs = false) {
    calls.push_back(std::make_unique<RawCall>(use, method, std::move(asked), reads, packs));
  }
  [[nodiscard]] std::size_t over() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(calls, [](const auto& one) { return one->over(); }));
  }
  static grpc::ByteBuffer query(const std::string& text) {
    v1::QueryRequest request;
    request.set_query(text);
    return message_bytes(request);
  }
  static grpc::ByteBuffer live(const std::string& text) {
    v1::LiveRequest request;
    request.set_query(text);
    return message_bytes(request);
  }
  static grpc::ByteBuffer raw(const std::string& bytes) {
    const grpc::Slice slice(bytes);
    return {&slice, 1};
  }

  SystemClock clock;
  LinkCredentialsPtr plain =
      *LinkCredentials::make({.files = {}, .insecure = true, .peer_name = ""}, clock);
  std::unique_ptr<FakeAgent> agent;
  AgentPeerPtr good;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
  Calls calls;
};

TEST_F(HostileClientTest, AsksAThousandQuestionsThatTakeLong) {
  begin();
  std::mutex mutex;
  std::vector<QueryDone> asked;
  agent->store.answer = [&](const QueryRequest&, const QueryDone& done) {
    const std::lock_guard lock(mutex);
    asked.push_back(done);
  };
  for (int connection = 0; connection < 10; ++connection) {
    auto& use = stub();
    for (int i = 0; i < 100; ++i) call(use, "Query", query("flows"));
  }
  EXPECT_TRUE(eventually([&] { return over() == 1000 - 32; })) << over();
  const auto counts = agent->server->counts();
  EXPECT_EQ(counts.queries, 32U);
  EXPECT_EQ(counts.refused_queries, 1000U - 32);
  for (const auto& one : calls)
    if (one->over())
      EXPECT_THAT(one->status().error_message(),
                  HasSubstr("this agent answers 32 queries at once and no more"));
  // It is only that kind of call that has no room.
  EXPECT_TRUE(eventually([&] { return good->state()->link == AgentState::Link::kReady; }));
  const std::lock_guard lock(mutex);
  for (const QueryDone& done : asked) done(QueryAnswer{});
}

TEST_F(HostileClientTest, OpensThousandsOfStreams) {
  begin();
  for (int connection = 0; connection < 20; ++connection) {
    auto& use = stub();
    for (int i = 0; i < 100; ++i) call(use, "Live", live("dst.port=" + std::to_string(i)));
  }
  EXPECT_TRUE(eventually([&] {
    const auto counts = agent->server->counts();
    return counts.streams <= 64 && over() + counts.streams == 2000;
  }));
  const auto counts = agent->server->counts();
  EXPECT_GE(counts.refused_streams, 1000U);
  EXPECT_LE(counts.streams, 64U);
}

TEST_F(HostileClientTest, SendsWhatCannotBeRead) {
  begin();
  auto& use = stub();
  for (const char* method : {"Query", "Live", "Page", "Sums", "Hello", "Nothing"})
    call(use, method, raw("\xff\xff\xff\xff garbage"));
  EXPECT_TRUE(eventually([&] { return over() == calls.size(); }));
  for (const auto& one : calls) EXPECT_FALSE(one->status().ok());
  EXPECT_THAT(calls[1]->status().error_message(), HasSubstr("the request cannot be read"));
  EXPECT_EQ(agent->server->counts().unreadable, 1U);
}

TEST_F(HostileClientTest, SendsAPackedBomb) {
  begin();
  auto& use = stub();
  const std::string zeros(1U << 20U, '\0');
  const std::vector<grpc::Slice> slices(64, grpc::Slice(zeros));
  for (const char* method : {"Query", "Live", "Sums"})
    call(use, method, grpc::ByteBuffer(slices.data(), slices.size()), true, true);
  EXPECT_TRUE(eventually([&] { return over() == calls.size(); }));
  for (const auto& one : calls) EXPECT_FALSE(one->status().ok());
  EXPECT_EQ(agent->server->counts().unreadable, 1U) << calls[1]->status().error_message();
}

TEST_F(HostileClientTest, SubscribesAndNeverReads) {
  AgentServiceOptions options;
  options.patience = 600 * kMillisecond;
  LiveHubOptions hub;
  hub.batch_time = 5 * kMillisecond;
  hub.max_bytes = 256UL << 10U;
  begin(options, hub);
  for (int i = 0; i < 8; ++i) call(stub(true), "Live", live(""), false);
  ASSERT_TRUE(eventually([&] { return agent->server->counts().streams == 8; }));
  ASSERT_TRUE(eventually([&] { return agent->feed.subscribers() > 0; }));
  std::uint64_t id = 0;
  std::size_t most = 0;
  EXPECT_TRUE(eventually([&] {
    std::vector<Flow> flows;
    for (int i = 0; i < 2000; ++i) flows.push_back(make_flow(++id));
    agent->feed.send(std::move(flows));
    const auto counts = agent->server->counts();
    most = std::max(most, counts.live_bytes);
    return counts.streams == 0;
  }));
  EXPECT_GT(most, 0U);
  EXPECT_LE(most, hub.max_bytes);
  // The good one's own greeting may be among them where the machine is slow.
  EXPECT_GE(agent->server->counts().stalled, 8U);
}

TEST_F(HostileClientTest, AsksAndNeverReads) {
  AgentServiceOptions options;
  options.patience = 600 * kMillisecond;
  begin(options);
  agent->store.answer = [](const QueryRequest&, const QueryDone& done) {
    QueryAnswer answer;
    answer.columns = {{.name = "text", .type = FieldType::kText}};
    for (int i = 0; i < 30'000; ++i) {
      // What gzip cannot make small.
      std::string text;
      for (std::uint32_t x = static_cast<std::uint32_t>(i) + 1; text.size() < 1000;)
        text += static_cast<char>((x = x * 1'664'525 + 1'013'904'223) >> 24U);
      answer.rows.push_back({std::move(text)});
    }
    done(std::move(answer));
  };
  for (int i = 0; i < 2; ++i) call(stub(), "Query", query("flows"), false);
  // The good one's own greeting may be a third where the machine is slow.
  EXPECT_TRUE(eventually([&] { return agent->server->counts().stalled >= 2; }))
      << agent->server->counts().stalled << " of " << over() << " that are over";
  EXPECT_TRUE(eventually([&] { return agent->server->counts().queries == 0; }));
}

TEST_F(HostileClientTest, AThousandGreetingsAndSums) {
  AgentServiceOptions options;
  options.patience = 600 * kMillisecond;
  begin(options);
  auto snapshot = std::make_shared<Snapshot>();
  for (int i = 0; i < 5'000; ++i) {
    WorkloadPair& pair = snapshot->workloads.pairs.emplace_back();
    pair.src = {"shop", "Deployment", "web-" + std::to_string(i * 7919)};
    pair.flows = static_cast<std::uint64_t>(i) + 1;
    pair.handshake.counts.assign(kLatencyBounds.size() + 1, 0);
  }
  agent->snapshots.snapshot = snapshot;
  for (int connection = 0; connection < 8; ++connection) {
    auto& use = stub();
    for (int i = 0; i < 60; ++i) call(use, "Sums", raw(""), false);
    for (int i = 0; i < 60; ++i) call(use, "Hello", raw(""), true);
  }
  // Each was answered, refused, or ended when nobody took it.
  EXPECT_TRUE(eventually([&] { return agent->server->counts().refused_sums > 0; }));
  const auto answered = [&] {
    return static_cast<std::size_t>(std::ranges::count_if(
        calls, [](const auto& one) { return one->over() && one->status().ok(); }));
  };
  EXPECT_TRUE(eventually([&] { return answered() > 0; }));
}

TEST_F(HostileClientTest, BytesOfNoProtocolOnItsPort) {
  begin();
  std::vector<int> sockets;
  for (int i = 0; i < 200; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(agent->server->port());
    ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
    const std::string garbage(1000, static_cast<char>(i));
    if (i % 2 == 0) (void)::send(fd, garbage.data(), garbage.size(), MSG_NOSIGNAL);
    sockets.push_back(fd);
  }
  ASSERT_TRUE(eventually([&] { return good->state()->link == AgentState::Link::kReady; }));
  for (const int fd : sockets) ::close(fd);
}

std::string packed(const std::string& text) {
  std::string out(compressBound(text.size()) + 64, '\0');
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(Unpack, MakesNotOneByteMoreThanItMay) {
  const std::string text(1'000'000, 'x');
  EXPECT_EQ(unpack(packed(text), text.size()).value(), text);
  const auto more = unpack(packed(text), text.size() - 1);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().cause, "too_large");
  EXPECT_EQ(unpack(packed(""), 10).value(), "");
}

TEST(Unpack, RefusesWhatIsCutOffOrGoesOn) {
  const std::string good = packed(std::string(1000, 'x') + "the end");
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(unpack(good.substr(0, size), 10'000)) << size;
  EXPECT_FALSE(unpack(good + "more", 10'000));
  std::string spoilt = good;
  spoilt[good.size() / 2] ^= 1;
  EXPECT_FALSE(unpack(spoilt, 10'000));
}

}  // namespace
}  // namespace netprobe
