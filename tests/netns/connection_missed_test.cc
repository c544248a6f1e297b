// SPDX-License-Identifier: Apache-2.0
// Ends that the kernel passes over: an entry stays that belongs to no socket.
// Here one is put back after its end was seen, which looks the same.
#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <optional>

#include "base/unique_fd.h"
#include "bpf/kernel.h"
#include "probes/socket/socket_probe.h"
#include "support/loopback.h"
#include "support/netns.h"
#include "support/netns_thread.h"

namespace netprobe::test {
namespace {

constexpr std::uint16_t kPort = 7500;
/// More than what the tests beside this one move on this machine meanwhile.
constexpr std::size_t kBytes = 4U << 20;

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
    struct stat inode{};
    ASSERT_EQ(::stat(ns_->path().c_str(), &inode), 0);
    netns_ = static_cast<std::uint32_t>(inode.st_ino);
    auto kernel = probe_kernel();
    ASSERT_TRUE(kernel) << kernel.error().message;
    auto probe = SocketProbe::make({}, *kernel, clock_);
    ASSERT_TRUE(probe) << probe.error().message;
    probe_ = std::move(*probe);
    map_ = map_of_connections();
    ASSERT_TRUE(map_) << "connection_map is not found";
  }

  void in_namespace(const std::function<void()>& what) { ASSERT_TRUE(run_in(*ns_, what)); }

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
      if (bpf_map_lookup_elem(map_.get(), &key, &found.c) == 0 && found.c.netns == netns_ &&
          found.c.src_port == kPort && found.c.dst_port != 0)
        return found;
    }
    return std::nullopt;
  }

  /// A connection that moved kBytes to the server, and was looked at then.
  void open() {
    listening_ = UniqueFd(::socket(AF_INET, SOCK_STREAM, 0));
    const auto* const where = reinterpret_cast<const sockaddr*>(&address_);
    ASSERT_EQ(::bind(listening_.get(), where, sizeof(address_)), 0);
    ASSERT_EQ(::listen(listening_.get(), 16), 0);
    pair_ = connect(listening_, address_);
    std::array<char, 1 << 14> data{};
    for (std::size_t moved = 0; moved < kBytes; moved += data.size()) {
      ASSERT_EQ(::send(pair_.client.get(), data.data(), data.size(), 0), data.size());
      ASSERT_EQ(::recv(pair_.server.get(), data.data(), data.size(), MSG_WAITALL), data.size());
    }
    probe_->refresh(clock_.monotonic());
    const auto found = entry();
    ASSERT_TRUE(found);
    alive_ = *found;
    before_ = received();
  }

  /// Closes it, and puts the server's entry back.
  void close_unseen() {
    pair_ = {};
    // The last packets may wait for a thread of the kernel.
    for (int i = 0; i < 100 && entry(); ++i) ::usleep(20'000);
    ASSERT_FALSE(entry()) << "its end was not seen";
    put_back();
  }
  void put_back() {
    ASSERT_EQ(::bpf_map_update_elem(map_.get(), &alive_.key, &alive_.c, BPF_NOEXIST), 0);
  }

  /// Bytes of all TCP on this machine.
  [[nodiscard]] std::uint64_t received() const {
    Signals signals;
    probe_->report(signals);
    for (const auto& [protocol, sums] : signals.sockets.bytes)
      if (protocol == "tcp") return sums.second;
    return 0;
  }

  [[nodiscard]] std::uint64_t missed() const {
    for (const LossCounter& each : probe_->status().lost)
      if (each.cause == "end_missed") return each.count;
    ADD_FAILURE() << "end_missed is no loss";
    return 0;
  }

  /// With the verdict that nobody knows, and what it had received when it was
  /// looked at last. `more`: bytes that the sums have beyond what they had then.
  void expect_told(std::uint64_t more) {
    EXPECT_GE(missed(), 1U);
    probe_->refresh(clock_.monotonic());
    Signals signals;
    probe_->report(signals);
    std::uint64_t unknown = 0;
    for (const auto& [verdict, count] : signals.sockets.verdicts)
      if (verdict == "unknown") unknown = count;
    EXPECT_GE(unknown, 1U);
    bool shown = false;
    for (const Connection& each : signals.sockets.connections) {
      if (each.id != alive_.c.id) continue;
      shown = true;
      EXPECT_EQ(each.verdict, "unknown");
      EXPECT_EQ(each.bytes_received, kBytes);
      EXPECT_NE(each.closed, 0);
    }
    EXPECT_TRUE(shown);
    EXPECT_FALSE(entry());
    EXPECT_GE(received(), before_ + more);
    EXPECT_LT(received(), before_ + more + kBytes) << "or others moved that much meanwhile";
  }

  SystemClock clock_;
  std::optional<NetNamespace> ns_;
  std::unique_ptr<Probe> probe_;
  UniqueFd map_;
  std::uint32_t netns_ = 0;
  UniqueFd listening_;
  const sockaddr_in address_ = loopback(kPort);
  Pair pair_;
  np_swept alive_{};  ///< the server's entry, before its end
  std::uint64_t before_ = 0;
};

TEST_F(MissedEnd, IsFoundByTheNextSweep) {
  in_namespace([&] {
    open();
    if (!HasFatalFailure()) close_unseen();
  });
  probe_->refresh(clock_.monotonic());
  if (!HasFatalFailure()) expect_told(kBytes);  // its end was counted, and this is another
}

TEST_F(MissedEnd, IsFoundByWhoGetsItsMemory) {
  in_namespace([&] {
    open();
    if (!HasFatalFailure()) close_unseen();
    // The allocator hands out first what was given back last.
    for (int i = 0; i < 10'000 && missed() == 0; ++i) {
      connect(listening_, address_);
      probe_->poll(clock_.monotonic());
    }
  });
  if (!HasFatalFailure()) expect_told(kBytes);
}

/// The server holds its socket beyond the end, which is seen of nobody's entry.
TEST_F(MissedEnd, IsFoundWhenTheSocketGoes) {
  in_namespace([&] {
    open();
    if (HasFatalFailure()) return;
    ASSERT_EQ(::bpf_map_delete_elem(map_.get(), &alive_.key), 0);
    pair_.client.reset();
    pollfd ended{.fd = pair_.server.get(), .events = POLLRDHUP, .revents = 0};
    ASSERT_EQ(::poll(&ended, 1, 5'000), 1) << "no reset came";
    put_back();
    EXPECT_EQ(missed(), 0U);
    pair_.server.reset();
  });
  if (!HasFatalFailure()) expect_told(0);
}

}  // namespace
}  // namespace netprobe::test
