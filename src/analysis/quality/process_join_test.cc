// SPDX-License-Identifier: Apache-2.0
#include "analysis/quality/process_join.h"

#include <gtest/gtest.h>

#include "analysis/quality/flow_judge.h"

namespace netprobe {
namespace {

constexpr std::uint64_t kOwn = 100;
constexpr std::uint64_t kPodA = 200;
constexpr std::uint64_t kPodB = 300;
constexpr Nanos kStart = 1'000 * kSecond;

FlowTuple tuple(const char* src, const char* dst) {
  return {*IpAddress::parse(src), *IpAddress::parse(dst), 40000, 80, kProtoTcp};
}

ProcessPtr process(std::uint32_t pid, std::string comm) {
  auto result = std::make_shared<ProcessRef>();
  result->pid = pid;
  result->comm = std::move(comm);
  return result;
}

Connection socket(const FlowTuple& of, std::uint64_t netns, ProcessPtr who, Nanos opened = 0,
                  Nanos closed = 0) {
  Connection connection;
  connection.tuple = of;
  connection.netns = netns;
  connection.process = std::move(who);
  connection.opened = opened;
  connection.closed = closed;
  return connection;
}

Flow flow_of(const FlowTuple& of, Nanos first, Nanos last) {
  Flow flow;
  flow.tuple = of;
  flow.first_seen = first;
  flow.last_seen = last;
  flow.forward.packets = flow.reverse.packets = 1;
  return flow;
}

void see_at_pod(Flow& flow, Direction direction) {
  Observation point;
  point.role = Role::kPod;
  point.direction = direction;
  point.forward.packets = 1;
  flow.observations.push_back(point);
}

class Join : public testing::Test {
 protected:
  ProcessJoin::Sockets find(const Flow& flow, std::uint64_t own = kOwn) {
    auto signals = std::make_shared<Signals>();
    signals->sockets.connections = connections_;
    join_ = ProcessJoin(own);
    join_.use(signals);
    return join_.find(flow);
  }
  static std::uint32_t pid(const Connection* connection) {
    return connection == nullptr || !connection->process ? 0 : connection->process->pid;
  }
  std::vector<Connection> connections_;
  ProcessJoin join_{kOwn};
  const FlowTuple tuple_ = tuple("10.0.0.1", "10.0.0.2");
  const FlowTuple loopback_ = tuple("127.0.0.1", "127.0.0.1");
  const Flow flow_ = flow_of(tuple_, kStart, kStart + kSecond);
};

TEST_F(Join, FindsBothSides) {
  connections_ = {socket(tuple_, kPodA, process(1, "curl")),
                  socket(tuple_.reversed(), kPodB, process(2, "nginx"))};
  const auto found = find(flow_);
  EXPECT_EQ(pid(found.client), 1U);
  EXPECT_EQ(pid(found.server), 2U);
  EXPECT_EQ(find(flow_of(tuple("10.0.0.1", "10.0.0.3"), kStart, kStart)).client, nullptr);
}

TEST_F(Join, BehindAddressTranslationTheServerHasAnotherTuple) {
  Flow flow = flow_of(tuple("10.0.0.1", "10.96.0.10"), kStart, kStart);
  flow.nat = true;
  flow.translated = tuple_;
  connections_ = {socket(flow.tuple, kPodA, process(1, "curl")),
                  socket(tuple_.reversed(), kPodB, process(2, "nginx"))};
  const auto found = find(flow);
  EXPECT_EQ(pid(found.client), 1U);
  EXPECT_EQ(pid(found.server), 2U);
}

TEST_F(Join, LoopbackIsThatOfTheOwnNamespace) {
  const Flow flow = flow_of(loopback_, kStart, kStart);
  connections_ = {socket(loopback_, kPodA, process(1, "pod")),
                  socket(loopback_, kOwn, process(2, "host"))};
  EXPECT_EQ(pid(find(flow).client), 2U);
  connections_.pop_back();
  EXPECT_EQ(find(flow).client, nullptr);
  // Not known whose: no name.
  connections_ = {socket(loopback_, 0, process(1, "somebody"))};
  EXPECT_EQ(find(flow).client, nullptr);
  EXPECT_EQ(find(flow, 0).client, nullptr);
}

TEST_F(Join, OneTupleInTwoNamespacesIsNobodys) {
  connections_ = {socket(tuple_, kPodA, process(1, "one")),
                  socket(tuple_, kOwn, process(2, "other"))};
  EXPECT_EQ(find(flow_).client, nullptr);
  // Unless a pod's end of a veth saw it leave.
  Flow from_pod = flow_;
  see_at_pod(from_pod, Direction::kIngress);
  EXPECT_EQ(pid(find(from_pod).client), 1U);
  // The same process number in another namespace is another process.
  connections_[1].process = connections_[0].process;
  EXPECT_EQ(find(flow_).client, nullptr);
}

TEST_F(Join, TimesMustOverlap) {
  const auto first = process(1, "first");
  const auto second = process(2, "second");
  connections_ = {socket(tuple_, kOwn, first, kStart, kStart + kSecond),
                  socket(tuple_, kOwn, second, kStart + 5 * kSecond, kStart + 6 * kSecond)};
  EXPECT_EQ(pid(find(flow_).client), 1U);
  EXPECT_EQ(pid(find(flow_of(tuple_, kStart + 5 * kSecond, kStart + 6 * kSecond)).client), 2U);
  EXPECT_EQ(find(flow_of(tuple_, kStart + 2 * kSecond, kStart + 3 * kSecond)).client, nullptr);
  // One flow over both: it may be of either.
  EXPECT_EQ(find(flow_of(tuple_, kStart, kStart + 6 * kSecond)).client, nullptr);
}

TEST_F(Join, PortsUsedAgainAtOnce) {
  // A moment apart: the tolerance takes both, the times alone tell.
  const Nanos end = kStart + kSecond;
  connections_ = {
      socket(tuple_, kOwn, process(1, "first"), kStart, end),
      socket(tuple_, kOwn, process(2, "second"), end + 5 * kMillisecond, end + kSecond)};
  EXPECT_EQ(pid(find(flow_).client), 1U);
  EXPECT_EQ(pid(find(flow_of(tuple_, end + 5 * kMillisecond, end + kSecond)).client), 2U);
}

TEST_F(Join, OneProcessManyTimesIsThatProcess) {
  const auto curl = process(1, "curl");
  for (int i = 0; i < 5; ++i) connections_.push_back(socket(tuple_, kOwn, curl, kStart, kStart));
  EXPECT_EQ(pid(find(flow_).client), 1U);
  // A process that is not known might be another.
  connections_.push_back(socket(tuple_, kOwn, nullptr, kStart, kStart));
  EXPECT_EQ(find(flow_).client, nullptr);
}

TEST_F(Join, TooManyCandidatesAreNone) {
  const auto curl = process(1, "curl");
  for (int i = 0; i < 1000; ++i) connections_.push_back(socket(tuple_, kOwn, curl, kStart, kStart));
  EXPECT_EQ(find(flow_).client, nullptr);
}

TEST_F(Join, TheJudgeFillsInWhatIsKnown) {
  auto signals = std::make_shared<Signals>();
  signals->sockets.connections = {socket(tuple_, kOwn, process(1, "curl")),
                                  socket(tuple_.reversed(), kOwn, process(2, "nginx"))};
  signals->sockets.connections[1].rtt = 5 * kMillisecond;
  FlowJudge judge(kOwn);
  judge.use(signals);
  std::vector<Flow> flows{flow_, flow_of(tuple("10.0.0.9", "10.0.0.2"), kStart, kStart)};
  flows[0].tcp_forward.flags = flows[0].tcp_reverse.flags = kTcpSyn | kTcpAck;
  judge.judge(flows, kStart + kSecond);
  EXPECT_EQ(flows[0].client_process->comm, "curl");
  EXPECT_EQ(flows[0].server_process->comm, "nginx");
  EXPECT_EQ(flows[0].rtt, 5 * kMillisecond);
  EXPECT_EQ(flows[0].verdict, "open");
  EXPECT_EQ(flows[1].client_process, nullptr);
  Flow joined = flow_;
  judge.join(joined);
  EXPECT_EQ(joined.client_process->comm, "curl");
  EXPECT_EQ(joined.server_process->comm, "nginx");
  EXPECT_EQ(joined.rtt, 5 * kMillisecond);
  EXPECT_EQ(joined.verdict, "") << "nobody asked";
  judge.use(std::make_shared<const Signals>());
  std::vector<Flow> again{flow_};
  judge.judge(again, kStart);
  EXPECT_EQ(again[0].client_process, nullptr);
}

}  // namespace
}  // namespace netprobe
