// SPDX-License-Identifier: Apache-2.0
// Ends that the kernel passes over: an entry stays that belongs to no socket.
// Here one is put back after its end was seen, which looks the same.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "base/unique_fd.h"
#include "bpf/kernel.h"
#include "probes/socket/socket_probe.h"
#include "support/netns.h"

namespace netprobe::test {
namespace {

constexpr std::uint16_t kPort = 7500;

/// Two ends of a connection over loopback; reset when they go, so that both are
/// over at once.
struct Pair {
  UniqueFd client;
  UniqueFd server;
};

class MissedEnd : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = netns_obstacle(); !why.empty()) GTEST_SKIP() << why;
    auto ns = NetNamespace::create();
    ASSERT_TRUE(ns) << ns.error().message;
    ns_.emplace(std::move(*ns));
    auto kernel = probe_kernel();
    ASSERT_TRUE(kernel) << kernel.error().message;
    auto probe = SocketProbe::make({}, *kernel, clock_);
    ASSERT_TRUE(probe) << probe.error().message;
    probe_ = std::move(*probe);
    map_ = map_of_connections();
    ASSERT_TRUE(map_) << "connection_map is not found";
  }

  void in_namespace(const std::function<void()>& what) {
    std::thread([&] {
      const UniqueFd fd(::open(ns_->path().c_str(), O_RDONLY | O_CLOEXEC));
      ASSERT_EQ(::setns(fd.get(), CLONE_NEWNET), 0);
      what();
    }).join();
  }

  /// The map that the probe's own programs use.
  [[nodiscard]] UniqueFd map_of_connections() const {
    for (const ProgramStats& each : probe_->status().programs) {
      const UniqueFd program(bpf_prog_get_fd_by_id(each.id));
      std::array<__u32, 64> ids{};
      bpf_prog_info info{};
      info.map_ids = reinterpret_cast<__u64>(ids.data());
      info.nr_map_ids = ids.size();
      __u32 size = sizeof(info);
      if (!program || bpf_prog_get_info_by_fd(program.get(), &info, &size) != 0) continue;
      for (const __u32 id : std::span(ids).first(std::min<std::size_t>(info.nr_map_ids, 64))) {
        UniqueFd map(bpf_map_get_fd_by_id(id));
        bpf_map_info about{};
        size = sizeof(about);
        if (map && bpf_map_get_info_by_fd(map.get(), &about, &size) == 0 &&
            std::string_view(about.name) == "connection_map")
          return map;
      }
    }
    return {};
  }

  static Pair connect(const UniqueFd& listening, const sockaddr_in& address) {
    Pair pair;
    pair.client = UniqueFd(::socket(AF_INET, SOCK_STREAM, 0));
    const linger at_once{1, 0};
    ::setsockopt(pair.client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    EXPECT_EQ(
        ::connect(pair.client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
        0);
    pair.server = UniqueFd(::accept(listening.get(), nullptr, nullptr));
    return pair;
  }

  /// The entry of the server's end.
  [[nodiscard]] std::optional<np_swept> entry() const {
    np_swept found{};
    const void* before = nullptr;
    __u64 key = 0;
    while (bpf_map_get_next_key(map_.get(), before, &key) == 0) {
      found.key = key;
      before = &found.key;
      if (bpf_map_lookup_elem(map_.get(), &key, &found.c) == 0 && found.c.src_port == kPort &&
          found.c.dst_port != 0)
        return found;
    }
    return std::nullopt;
  }

  /// Moves 5,000 bytes to the server, looks, closes, and puts the server's entry
  /// back. `then` runs in the same thread, with the listening socket still there.
  void miss_an_end(const std::function<void(const UniqueFd&, const sockaddr_in&)>& then) {
    const UniqueFd listening(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(kPort);
    ASSERT_EQ(::bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
              0);
    ASSERT_EQ(::listen(listening.get(), 16), 0);
    Pair pair = connect(listening, address);
    std::array<char, 5'000> data{};
    ASSERT_EQ(::send(pair.client.get(), data.data(), data.size(), 0), data.size());
    ASSERT_EQ(::recv(pair.server.get(), data.data(), data.size(), MSG_WAITALL), data.size());
    probe_->refresh(clock_.monotonic());
    const auto alive = entry();
    ASSERT_TRUE(alive);
    id_ = alive->c.id;
    pair = {};
    ASSERT_NE(::bpf_map_delete_elem(map_.get(), &alive->key), 0) << "its end was not seen";
    ASSERT_EQ(::bpf_map_update_elem(map_.get(), &alive->key, &alive->c, BPF_NOEXIST), 0);
    then(listening, address);
  }

  [[nodiscard]] std::uint64_t missed() const {
    for (const LossCounter& each : probe_->status().lost)
      if (each.cause == "end_missed") return each.count;
    ADD_FAILURE() << "end_missed is no loss";
    return 0;
  }

  /// With the verdict that nobody knows, and what it had received when it was
  /// looked at last.
  void expect_told() {
    probe_->refresh(clock_.monotonic());
    Signals signals;
    probe_->report(signals);
    EXPECT_GE(missed(), 1U);
    std::uint64_t unknown = 0;
    for (const auto& [verdict, count] : signals.sockets.verdicts)
      if (verdict == "unknown") unknown = count;
    EXPECT_EQ(unknown, missed());
    bool shown = false;
    for (const Connection& each : signals.sockets.connections) {
      if (each.id != id_) continue;
      shown = true;
      EXPECT_EQ(each.verdict, "unknown");
      EXPECT_EQ(each.bytes_received, 5'000U);
      EXPECT_NE(each.closed, 0);
    }
    EXPECT_TRUE(shown);
    EXPECT_FALSE(entry());
    for (const auto& [protocol, sums] : signals.sockets.bytes)
      if (protocol == "tcp") EXPECT_GE(sums.second, 10'000U) << "the end that was seen, and this";
  }

  SystemClock clock_;
  std::optional<NetNamespace> ns_;
  std::unique_ptr<Probe> probe_;
  UniqueFd map_;
  std::uint64_t id_ = 0;
};

TEST_F(MissedEnd, IsFoundByTheNextSweep) {
  in_namespace([&] { miss_an_end([](const UniqueFd&, const sockaddr_in&) {}); });
  if (!HasFatalFailure()) expect_told();
}

TEST_F(MissedEnd, IsFoundByWhoGetsItsMemory) {
  in_namespace([&] {
    miss_an_end([&](const UniqueFd& listening, const sockaddr_in& address) {
      // The allocator hands out first what was given back last.
      for (int i = 0; i < 10'000 && missed() == 0; ++i) connect(listening, address);
    });
  });
  if (HasFatalFailure()) return;
  EXPECT_GE(missed(), 1U) << "before any sweep";
  expect_told();
}

}  // namespace
}  // namespace netprobe::test
