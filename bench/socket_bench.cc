// SPDX-License-Identifier: Apache-2.0
// What watching sockets costs those who use them, and whether every connection
// is counted at a rate that a busy node may have.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "report.h"
#include "socket_account.h"
#include "socket_watching.h"
#include "support/netns.h"
#include "support/netns_thread.h"

namespace netprobe::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

sockaddr_in loopback(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(0x7f000000U + host);
  address.sin_port = htons(port);
  return address;
}

constexpr std::uint16_t kPort = 7070;

/// In a namespace of our own the port is free: not to get it cannot be.
int listening_socket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) std::abort();
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  auto address = loopback(1, kPort);
  address.sin_addr.s_addr = INADDR_ANY;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) std::abort();
  ::listen(fd, 4096);
  return fd;
}

/// One connect and close; a reset at the end, so that no port waits for
/// minutes. `i` spreads them over addresses, each with ports of its own.
bool connect_once(std::uint64_t i) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return false;
  const linger at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  auto address = loopback(1 + static_cast<std::uint32_t>(i % 64), kPort);
  const bool done = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  ::close(fd);
  return done;
}

/// Takes connections and lets them go, until it is stopped.
class Acceptor {
 public:
  explicit Acceptor(const test::NetNamespace& ns) {
    thread_ = thread_in(ns, entered_, [this] {
      const int fd = listening_socket();
      ready_ = true;
      timeval wait{0, 100'000};
      ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
      while (!stop_) {
        const int one = ::accept(fd, nullptr, nullptr);
        if (one >= 0) ::close(one);
      }
      ::close(fd);
    });
    while (!ready_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ~Acceptor() {
    stop_ = true;
    thread_.join();
  }
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

 private:
  bool entered_ = false;
  std::atomic<bool> ready_ = false;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

/// Microseconds for a connect and a close.
double measure_connects(const test::NetNamespace& ns) {
  const Acceptor acceptor(ns);
  constexpr std::uint64_t kCount = 20'000;
  double taken = 0;
  run_in(ns, [&] {
    for (std::uint64_t i = 0; i < 2'000; ++i) connect_once(i);
    const auto start = Clock::now();
    for (std::uint64_t i = 0; i < kCount; ++i) connect_once(i);
    taken = seconds_since(start);
  });
  return taken / kCount * 1e6;
}

/// Both ends of one connection, each in a thread of its own.
template <typename Client, typename Server>
void converse(const test::NetNamespace& ns, Client client, Server server) {
  std::atomic<bool> ready = false;
  bool entered = false;
  std::thread other = thread_in(ns, entered, [&] {
    const int fd = listening_socket();
    ready = true;
    const int one = ::accept(fd, nullptr, nullptr);
    ::close(fd);
    if (one < 0) return;
    server(one);
    ::close(one);
  });
  while (!ready) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  run_in(ns, [&] {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    auto address = loopback(1, kPort);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) client(fd);
    ::close(fd);
  });
  other.join();
}

/// Requests and responses of one byte a second.
double measure_transactions(const test::NetNamespace& ns) {
  constexpr int kCount = 60'000;
  double taken = 1;
  converse(
      ns,
      [&](int fd) {
        char c = 'x';
        const auto start = Clock::now();
        for (int i = 0; i < kCount; ++i)
          if (::send(fd, &c, 1, 0) != 1 || ::recv(fd, &c, 1, 0) != 1) return;
        taken = seconds_since(start);
      },
      [](int fd) {
        char c = 0;
        while (::recv(fd, &c, 1, 0) == 1)
          if (::send(fd, &c, 1, MSG_NOSIGNAL) != 1) return;
      });
  return kCount / taken;
}

/// Gigabytes a second through one connection.
double measure_stream(const test::NetNamespace& ns) {
  constexpr std::uint64_t kBytes = 3ULL << 30;
  constexpr std::size_t kChunk = 128UL * 1024;
  double taken = 1;
  converse(
      ns,
      [&](int fd) {
        const std::string data(kChunk, 'x');
        const auto start = Clock::now();
        for (std::uint64_t sent = 0; sent < kBytes;) {
          const auto done = ::send(fd, data.data(), data.size(), 0);
          if (done <= 0) return;
          sent += static_cast<std::uint64_t>(done);
        }
        taken = seconds_since(start);
      },
      [](int fd) {
        std::string data(kChunk, 0);
        while (::recv(fd, data.data(), data.size(), 0) > 0) {
        }
      });
  return static_cast<double>(kBytes) / taken / 1e9;
}

struct OffAndOn {
  double off = 0;
  double on = 0;
};

/// Rounds in turn, so that what disturbs the machine disturbs both.
std::optional<OffAndOn> compare(const test::NetNamespace& ns, int rounds,
                                double (*measure)(const test::NetNamespace&)) {
  std::vector<double> off;
  std::vector<double> on;
  for (int i = 0; i < rounds; ++i) {
    off.push_back(measure(ns));
    const auto watching = Watching::start();
    if (!watching) return std::nullopt;
    on.push_back(measure(ns));
  }
  return OffAndOn{median(off), median(on)};
}

/// Microseconds that the kernel spends in the programs for a connect and a
/// close, both sides, by its own statistics: worth more than a difference of
/// two times where others share the machine. Counting is in it.
std::optional<double> counted_cost(const test::NetNamespace& ns) {
  const UniqueFd counting(bpf_enable_stats(BPF_STATS_RUN_TIME));
  const auto watching = Watching::start();
  if (!watching) return std::nullopt;
  measure_connects(ns);
  const Signals signals = watching->finish();
  Nanos spent = 0;
  std::uint64_t pairs = 0;
  for (const ProgramStats& program : signals.probes.back().programs)
    if (program.name == "netprobe_socket_state" || program.name == "netprobe_socket_destroy")
      spent += program.run_time;
  for (const auto& [labels, count] : signals.sockets.connections_total)
    if (labels.first == "tcp" && labels.second == "client") pairs += count;
  return pairs == 0 ? 0 : static_cast<double>(spent) / 1e3 / static_cast<double>(pairs);
}

int run() {
  if (const auto why = test::netns_obstacle(); !why.empty()) {
    fmt::print(stderr, "socket_bench: {}\n", why);
    return 1;
  }
  spdlog::set_level(spdlog::level::err);
  auto ns = test::NetNamespace::create();
  if (!ns) return 1;
  // Wide port range: 64 addresses with these are enough for resets to free.
  (void)ns->run({"sysctl", "-qw", "net.ipv4.ip_local_port_range=1024 65000"});
  const char* asked = std::getenv("NETPROBE_BENCH_ROUNDS");
  const int rounds = asked != nullptr ? static_cast<int>(std::strtol(asked, nullptr, 10)) : 9;
  std::vector<Row> rows;
  const auto connects = compare(*ns, rounds, measure_connects);
  if (!connects) return 1;
  const double more = connects->on - connects->off;
  rows.push_back({"connect + close", "off", connects->off, "us", "", ""});
  rows.push_back({"connect + close", "on", connects->on, "us", fmt::format("{:+.2f} us", more),
                  "<= 5 us more", more <= 5});
  const auto counted = counted_cost(*ns);
  if (!counted) return 1;
  rows.push_back({"connect + close", "programs, counted by the kernel", *counted, "us", "",
                  "<= 5 us", *counted <= 5});
  const auto throughput = [&](const char* what, const char* unit,
                              double (*measure)(const test::NetNamespace&)) {
    const auto both = compare(*ns, rounds, measure);
    if (!both) return false;
    const double ratio = both->on / both->off;
    rows.push_back({what, "off", both->off, unit, "", ""});
    rows.push_back(
        {what, "on", both->on, unit, fmt::format("{:.3f}", ratio), ">= 0.95", ratio >= 0.95});
    return true;
  };
  if (!throughput("TCP request/response", "1/s", measure_transactions)) return 1;
  if (!throughput("TCP stream", "GB/s", measure_stream)) return 1;
  if (!account_for_connections(*ns, rows)) return 1;
  report("Sockets", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::run(); }
