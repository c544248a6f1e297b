// SPDX-License-Identifier: Apache-2.0
#include "server/live_stream.h"

#include <gtest/gtest.h>

#include "cluster/testing/fake_agents.h"
#include "io/testing/http_client.h"

namespace netprobe {
namespace {

using testing::FakeAgent;
using testing::FakeDirectory;
using testing::RawConnection;

class LiveStreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    agent_ = directory_.add("a");
    http_ = HttpServer::make({.address = "127.0.0.1"}).value();
    add_live_route(*http_, directory_, scheduler_, clock_);
    ASSERT_TRUE(http_->start());
  }
  void TearDown() override {
    http_->stop();
    scheduler_.stop();
  }
  static void ask(RawConnection& client) {
    client.send("GET /api/stream?q=dst.port%3D443 HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(client.read_until(": netprobe live flows of a cluster\n\n"));
  }
  static LiveBatch one_flow() {
    auto records = std::make_shared<HistoryBatch>();
    records->node = "a";
    records->flows.emplace_back();
    LiveBatch batch;
    batch.node = "a";
    batch.records = std::move(records);
    return batch;
  }

  const SystemClock clock_;
  FakeDirectory directory_;
  std::shared_ptr<FakeAgent> agent_;
  ThreadScheduler scheduler_{2};
  std::unique_ptr<HttpServer> http_;
};

TEST_F(LiveStreamTest, WhatAgentsTellGoesOnForAsLongAsTheClientStays) {
  RawConnection client(http_->port());
  ask(client);
  for (int i = 0; i < 3; ++i) {
    while (agent_->tell(one_flow()) == 0) {
    }
    ASSERT_TRUE(client.read_until("event: flow\ndata: ")) << client.seen();
    client.forget();
  }
  // Nobody takes it any more: agents are not asked to go on.
  client.close();
  while (agent_->tell(one_flow()) != 0) {
  }
}

TEST_F(LiveStreamTest, AFlowHasTheFieldsThatOneAgentsHas) {
  RawConnection client(http_->port());
  ask(client);
  LiveBatch batch = one_flow();
  auto records = std::make_shared<HistoryBatch>(*batch.records);
  FlowRecord& flow = records->flows.front();
  flow.tuple.src = *IpAddress::parse("fd00::1");
  flow.tuple.dst = *IpAddress::parse("fd00::2");
  flow.tuple.dst_port = 443;
  flow.tuple.protocol = kProtoTcp;
  flow.forward = {3, 180};
  flow.server_trouble.retransmits = 2;
  batch.records = std::move(records);
  while (agent_->tell(batch) == 0) {
  }
  ASSERT_TRUE(client.read_until("\"observer\":\"a\"}\n\n")) << client.seen();
  for (const char* part :
       {R"("src_ip":"fd00::1")", R"("dst_ip":"fd00::2")", R"("dst_port":443)",
        R"("protocol":"tcp")", R"("packets":3,"bytes":180)", R"("reverse_retransmits":2)"})
    EXPECT_TRUE(client.seen().find(part) != std::string::npos) << part << "\n" << client.seen();
}

TEST_F(LiveStreamTest, ClientsHearOfAgentsThatAreNotThere) {
  agent_->change([](AgentState& state) {
    state.link = AgentState::Link::kUnreachable;
    state.problem = "connection refused";
  });
  RawConnection client(http_->port());
  ask(client);
  EXPECT_TRUE(
      client.read_until("event: agent\ndata: {\"node\":\"a\",\"state\":\"left\",\"problem\":"
                        "\"connection refused\"}\n\n"))
      << client.seen();
}

TEST_F(LiveStreamTest, TakesTheConditionsOfAnAgentsStream) {
  RawConnection client(http_->port());
  client.send(
      "GET /api/stream?q=bytes%3E5&namespace=shop&protocol=tcp&ip=fd00::1&port=443 HTTP/1.1\r\n"
      "Host: x\r\n\r\n");
  ASSERT_TRUE(client.read_until(": netprobe live flows of a cluster\n\n"));
  while (agent_->streams().empty()) {
  }
  const std::string asked = canonical(agent_->streams().front().query);
  for (const char* part : {"bytes>5", "namespace=shop", "protocol=tcp", "ip=fd00::1", "port=443"})
    EXPECT_NE(asked.find(part), std::string::npos) << part << " is not in " << asked;
  RawConnection wrong(http_->port());
  wrong.send("GET /api/stream?port=http HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(wrong.read_until("'http' is not a value for port")) << wrong.seen();
}

TEST_F(LiveStreamTest, EndsWithItsServer) {
  RawConnection client(http_->port());
  ask(client);
  while (agent_->streams().empty()) {
  }
  http_->stop();
  EXPECT_EQ(agent_->tell(one_flow()), 0U);
  while (client.read_more()) {
  }
}

}  // namespace
}  // namespace netprobe
