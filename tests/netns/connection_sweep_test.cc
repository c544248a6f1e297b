// SPDX-License-Identifier: Apache-2.0
// Sweeps read sockets that other CPUs are at work on: what they read in the
// middle of a change must not reach a sum, which would keep it.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "base/unique_fd.h"
#include "bpf/kernel.h"
#include "probes/socket/socket_probe.h"
#include "support/loopback.h"
#include "support/netns.h"
#include "support/netns_thread.h"

namespace netprobe::test {
namespace {

constexpr Nanos kDuration = 4 * kSecond;
/// What others on this machine may move meanwhile: a torn difference of
/// sequence numbers is larger.
constexpr std::uint64_t kOthers = 256U << 20;
/// Ends that the kernel left out, of tens of thousands.
constexpr std::uint64_t kMissed = 16;

/// Connects, moves `bytes` in one piece `times` times, and resets, until it is
/// stopped. How many bytes it moved.
std::uint64_t connect_and_move(const std::atomic<bool>& stop, std::size_t bytes,
                               std::uint64_t times) {
  const UniqueFd listening(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = loopback(7400);
  auto* const where = reinterpret_cast<sockaddr*>(&address);
  if (!listening || ::bind(listening.get(), where, sizeof(address)) != 0) return 0;
  if (::listen(listening.get(), 16) != 0) return 0;
  std::array<char, 4096> data{};
  std::uint64_t moved = 0;
  while (!stop) {
    const UniqueFd client(::socket(AF_INET, SOCK_STREAM, 0));
    const linger at_once{1, 0};
    ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    if (!client || ::connect(client.get(), where, sizeof(address)) != 0) break;
    const UniqueFd server(::accept(listening.get(), nullptr, nullptr));
    for (std::uint64_t i = 0; server && i < times && !stop; ++i) {
      if (::send(client.get(), data.data(), bytes, 0) != static_cast<ssize_t>(bytes)) break;
      moved += bytes;
      if (::recv(server.get(), data.data(), bytes, MSG_WAITALL) != static_cast<ssize_t>(bytes))
        break;
    }
  }
  return moved;
}

/// The bytes of TCP, sent and received, once all ends are through: one may leave the
/// map just between the reading of the sums and the sweep.
std::pair<std::uint64_t, std::uint64_t> sums_of(Probe& probe, const Clock& clock,
                                                std::uint64_t moved) {
  std::pair<std::uint64_t, std::uint64_t> found;
  const Nanos deadline = clock.monotonic() + 2 * kSecond;
  do {
    probe.refresh(clock.monotonic());
    Signals signals;
    probe.report(signals);
    for (const auto& [protocol, sums] : signals.sockets.bytes)
      if (protocol == "tcp") found = sums;
  } while (std::min(found.first, found.second) < moved && clock.monotonic() < deadline);
  return found;
}

/// Sweeps without a pause beside that; the sums must come out. `unseen`: bytes that
/// come after the last look at a connection whose end is missed.
void expect_exact_beside(std::size_t bytes, std::uint64_t times, std::uint64_t unseen) {
  if (const auto why = netns_obstacle(); !why.empty()) GTEST_SKIP() << why;
  auto ns = NetNamespace::create();
  ASSERT_TRUE(ns) << ns.error().message;
  struct stat inode{};
  ASSERT_EQ(::stat(ns->path().c_str(), &inode), 0);
  auto kernel = probe_kernel();
  ASSERT_TRUE(kernel) << kernel.error().message;
  const SystemClock clock;
  std::uint64_t missed = 0;
  SocketProbeOptions options;
  options.on_ended = [&](const Connection& ended) {
    if (ended.netns == inode.st_ino && ended.verdict == "unknown") ++missed;
  };
  auto probe = SocketProbe::make(options, *kernel, clock);
  ASSERT_TRUE(probe) << probe.error().message;
  std::atomic<bool> stop = false;
  std::uint64_t moved = 0;
  bool entered = false;
  std::thread busy = thread_in(*ns, entered, [&] { moved = connect_and_move(stop, bytes, times); });
  for (const Nanos end = clock.monotonic() + kDuration; clock.monotonic() < end;)
    (*probe)->refresh(clock.monotonic());
  stop = true;
  busy.join();
  ASSERT_TRUE(entered);
  const auto [sent, received] = sums_of(**probe, clock, moved);
  EXPECT_LE(missed, kMissed);
  EXPECT_GE(sent + missed * unseen, moved);
  EXPECT_LT(sent, moved + kOthers);
  EXPECT_GE(received + missed * unseen, moved);
  EXPECT_LT(received, moved + kOthers);
}

TEST(ConnectionSweep, BesideConnects) { expect_exact_beside(1, 1, 1); }

TEST(ConnectionSweep, BesideAStream) { expect_exact_beside(64, 1'000'000'000, 1U << 20); }

}  // namespace
}  // namespace netprobe::test
