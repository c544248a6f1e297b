// SPDX-License-Identifier: Apache-2.0
#include "connection_load.h"

#include <arpa/inet.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "cpu_time.h"
#include "support/netns_thread.h"

namespace netprobe::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint16_t kFirstPort = 7100;  // and one more for each core
constexpr std::size_t kOpen = 64;           // of a thread, at a time
constexpr std::uint64_t kTurn = 16;         // connections between two looks at the clock
constexpr std::uint32_t kHosts = 64;
constexpr std::array<char, 100> kRequest{};

struct Pair {
  UniqueFd client;
  UniqueFd server;
};

/// Cores that this process may use.
std::vector<int> cores() {
  cpu_set_t set;
  std::vector<int> out;
  if (::sched_getaffinity(0, sizeof(set), &set) == 0)
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &set)) out.push_back(cpu);
  return out;
}

void stay_on(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  (void)::sched_setaffinity(0, sizeof(set), &set);
}

sockaddr_in address_of(std::uint32_t ip, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(ip);
  address.sin_port = htons(port);
  return address;
}

/// One thread's client and server.
class Worker {
 public:
  explicit Worker(std::uint16_t port) : port_(port) {
    listening_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!listening_) return;
    const auto address = address_of(INADDR_ANY, port_);
    // What accept() waits for is there; should it not be, it is counted.
    const timeval wait{1, 0};
    ::setsockopt(listening_.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    ready_ = ::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&address),
                    sizeof(address)) == 0 &&
             ::listen(listening_.get(), 1024) == 0;
  }
  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] const LoadResult& result() const { return result_; }

  /// One connection more; the oldest one goes.
  void turn() {
    Pair& pair = open_[next_ % kOpen];
    // The client first, by a reset: no port has to wait for minutes.
    pair.client.reset();
    pair.server.reset();
    const auto peer =
        address_of(INADDR_LOOPBACK + static_cast<std::uint32_t>(next_ % kHosts), port_);
    ++next_;
    pair.client.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int fd = pair.client.get();
    if (fd < 0) {
      ++result_.failed;
      return;
    }
    const linger at_once{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&peer), sizeof(peer)) != 0) {
      ++result_.failed;
      return;
    }
    ++result_.connected;
    pair.server.reset(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!pair.server) return;
    ++result_.accepted;
    converse(pair);
  }

 private:
  void converse(const Pair& pair) {
    const auto sent = ::send(pair.client.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    result_.sent += static_cast<std::uint64_t>(sent);
    std::array<char, kRequest.size()> data{};
    const auto got = ::recv(pair.server.get(), data.data(), data.size(), 0);
    if (got > 0) result_.received += static_cast<std::uint64_t>(got);
  }

  const std::uint16_t port_;
  UniqueFd listening_;
  bool ready_ = false;
  std::array<Pair, kOpen> open_;
  std::uint64_t next_ = 0;
  LoadResult result_;
};

/// What all threads may have made by now: the core that has time makes them.
class Pace {
 public:
  explicit Pace(const LoadOptions& options) : options_(options) {}
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(Clock::now() - start_).count();
  }
  [[nodiscard]] bool over() const { return seconds() >= options_.seconds; }
  [[nodiscard]] bool take(std::uint64_t count) {
    if (options_.rate > 0 && static_cast<double>(taken_) > seconds() * options_.rate) return false;
    taken_ += count;
    return true;
  }

 private:
  const LoadOptions options_;
  const Clock::time_point start_ = Clock::now();
  std::atomic<std::uint64_t> taken_ = 0;
};

}  // namespace

LoadResult load_connections(const test::NetNamespace& ns, const LoadOptions& options) {
  const auto use = cores();
  std::vector<LoadResult> results(use.size());
  const auto entered = std::make_unique<bool[]>(use.size());
  std::vector<std::thread> threads;
  threads.reserve(use.size());
  Pace pace(options);
  for (std::size_t i = 0; i < use.size(); ++i)
    threads.push_back(thread_in(ns, entered[i], [&, i] {
      stay_on(use[i]);
      Worker worker(static_cast<std::uint16_t>(kFirstPort + i));
      while (worker.ready() && !pace.over()) {
        if (!pace.take(kTurn)) {
          std::this_thread::sleep_for(std::chrono::microseconds(200));
          continue;
        }
        for (std::uint64_t n = 0; n < kTurn; ++n) worker.turn();
      }
      results[i] = worker.result();
      results[i].cpu_seconds = thread_seconds();
    }));
  for (auto& thread : threads) thread.join();
  LoadResult sum;
  sum.seconds = pace.seconds();
  for (const LoadResult& each : results) {
    sum.connected += each.connected;
    sum.accepted += each.accepted;
    sum.failed += each.failed;
    sum.sent += each.sent;
    sum.received += each.received;
    sum.cpu_seconds += each.cpu_seconds;
  }
  return sum;
}

}  // namespace netprobe::bench
