// SPDX-License-Identifier: Apache-2.0
// More connections than the probe has space for: its records are lost in known
// numbers, and its sums are not.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <vector>

#include "base/unique_fd.h"
#include "bpf/kernel.h"
#include "probes/socket/socket_probe.h"
#include "support/loopback.h"
#include "support/netns.h"
#include "support/netns_thread.h"

namespace netprobe::test {
namespace {

constexpr std::uint64_t kConnections = 300;  // open at once, with two ends each
constexpr std::array<char, 1'000> kData{};

/// In the namespace: connects, says something, and only then lets all go.
/// How many it made.
std::uint64_t connect_many() {
  const UniqueFd listening(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = loopback(7300);
  auto* const where = reinterpret_cast<sockaddr*>(&address);
  if (!listening || ::bind(listening.get(), where, sizeof(address)) != 0) return 0;
  if (::listen(listening.get(), 16) != 0) return 0;
  std::vector<UniqueFd> open;
  std::uint64_t made = 0;
  for (std::uint64_t i = 0; i < kConnections; ++i) {
    UniqueFd client(::socket(AF_INET, SOCK_STREAM, 0));
    if (!client || ::connect(client.get(), where, sizeof(address)) != 0) break;
    UniqueFd server(::accept(listening.get(), nullptr, nullptr));
    if (!server) break;
    std::array<char, kData.size()> got{};
    if (::send(client.get(), kData.data(), kData.size(), 0) != kData.size() ||
        ::recv(server.get(), got.data(), got.size(), MSG_WAITALL) != kData.size())
      break;
    ++made;
    open.push_back(std::move(client));
    open.push_back(std::move(server));
  }
  // A reset has no TIME_WAIT: all ends are over when this returns.
  const linger at_once{1, 0};
  for (const UniqueFd& each : open)
    ::setsockopt(each.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  return made;
}

class ConnectionLosses : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = netns_obstacle(); !why.empty()) GTEST_SKIP() << why;
    auto ns = NetNamespace::create();
    ASSERT_TRUE(ns) << ns.error().message;
    std::uint64_t made = 0;
    auto kernel = probe_kernel();
    ASSERT_TRUE(kernel) << kernel.error().message;
    SocketProbeOptions options;
    options.programs = space();
    auto probe = SocketProbe::make(options, *kernel, clock_);
    ASSERT_TRUE(probe) << probe.error().message;
    probe_ = std::move(*probe);
    ASSERT_TRUE(run_in(*ns, [&] { made = connect_many(); }));
    ASSERT_EQ(made, kConnections);
    look();
  }
  void look() {
    signals_ = {};
    probe_->refresh(clock_.monotonic());
    probe_->report(signals_);
    status_ = probe_->status();
  }
  [[nodiscard]] virtual SocketProgramOptions space() const = 0;

  [[nodiscard]] std::uint64_t lost(std::string_view cause) const {
    for (const LossCounter& each : status_.lost)
      if (each.cause == cause) return each.count;
    return 0;
  }
  [[nodiscard]] std::uint64_t events(std::string_view type) const {
    for (const auto& [each, count] : signals_.sockets.events)
      if (each == type) return count;
    return 0;
  }
  /// Others may connect meanwhile: at least what was made.
  void expect_sums() const {
    for (const auto& [labels, count] : signals_.sockets.connections_total)
      if (labels.first == "tcp") EXPECT_GE(count, kConnections) << labels.second;
    for (const auto& [protocol, bytes] : signals_.sockets.bytes)
      if (protocol == "tcp") {
        EXPECT_GE(bytes.first, kConnections * kData.size());
        EXPECT_GE(bytes.second, kConnections * kData.size());
      }
    EXPECT_GE(events("connect"), kConnections);
    EXPECT_GE(events("accept"), kConnections);
    EXPECT_GE(events("close"), 2 * kConnections);
  }

  SystemClock clock_;
  std::unique_ptr<Probe> probe_;
  Signals signals_;
  ProbeStatus status_;
};

class FullRing : public ConnectionLosses {
  [[nodiscard]] SocketProgramOptions space() const override {
    SocketProgramOptions options;
    options.ring_bytes = 4096;
    return options;
  }
};

TEST_F(FullRing, LosesRecordsByNumberAndNoSum) {
  expect_sums();
  EXPECT_GT(lost("ring_full"), 0U);
  EXPECT_EQ(lost("connection_map_full"), 0U);
  // What comes between emptying the ring and adding up is in one of them only.
  const auto adds_up = [&] {
    look();
    return status_.events + lost("ring_full") ==
           events("connect") + events("accept") + events("close");
  };
  bool exact = false;
  for (int i = 0; i < 100 && !exact; ++i) exact = adds_up();
  EXPECT_TRUE(exact);
}

class FullMap : public ConnectionLosses {
  [[nodiscard]] SocketProgramOptions space() const override {
    SocketProgramOptions options;
    options.max_connections = 64;
    return options;
  }
};

TEST_F(FullMap, LosesConnectionsByNumberAndNoSum) {
  expect_sums();
  EXPECT_EQ(lost("ring_full"), 0U);
  EXPECT_GE(lost("connection_map_full"), 2 * kConnections - 64);
}

}  // namespace
}  // namespace netprobe::test
