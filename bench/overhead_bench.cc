// SPDX-License-Identifier: Apache-2.0
// What programs lose when the agent watches them with everything on that is on
// by default: TCP request and response, and iperf3 streams, over a veth pair
// between two namespaces. Rounds with and without the agent take turns.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <simdjson.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent_lab.h"
#include "base/clock.h"
#include "base/unique_fd.h"
#include "report.h"
#include "support/netns_thread.h"
#include "support/process.h"

namespace netprobe::bench {
namespace {

constexpr int kRounds = 9;
constexpr Nanos kRoundTime = 2 * kSecond;
constexpr std::uint16_t kPort = 7007;
constexpr const char* kServer = "10.199.0.2";

sockaddr_in address(const char* ip, std::uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  ::inet_pton(AF_INET, ip, &to.sin_addr);
  return to;
}

void no_delay(const UniqueFd& fd) {
  const int one = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/// Answers each byte with a byte, one connection after the other, until told
/// to stop.
class Echo {
 public:
  explicit Echo(const AgentLab& lab) {
    run_in(lab.watched, [&] {
      listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const sockaddr_in here = address(kServer, kPort);
      const int one = 1;
      ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
      if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&here), sizeof(here)) != 0 ||
          ::listen(listener_.get(), 16) != 0)
        listener_.reset();
    });
    if (listener_) thread_ = std::thread([this] { serve(); });
  }
  ~Echo() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;
  [[nodiscard]] bool ready() const { return static_cast<bool>(listener_); }

 private:
  void serve() {
    while (!stop_) {
      pollfd wait{listener_.get(), POLLIN, 0};
      if (::poll(&wait, 1, 50) <= 0) continue;
      const UniqueFd peer(::accept(listener_.get(), nullptr, nullptr));
      if (!peer) continue;
      no_delay(peer);
      char byte = 0;
      while (::recv(peer.get(), &byte, 1, 0) == 1 && ::send(peer.get(), &byte, 1, 0) == 1) {
      }
    }
  }

  UniqueFd listener_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

/// Transactions a second of one client on one connection.
std::optional<double> request_response(const AgentLab& lab) {
  double rate = 0;
  run_in(lab.sender, [&] {
    const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in to = address(kServer, kPort);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) return;
    no_delay(fd);
    const SystemClock clock;
    const Nanos begin = clock.monotonic();
    std::uint64_t done = 0;
    char byte = 'x';
    while (clock.monotonic() - begin < kRoundTime) {
      for (int i = 0; i < 100; ++i, ++done)
        if (::send(fd.get(), &byte, 1, 0) != 1 || ::recv(fd.get(), &byte, 1, 0) != 1) return;
    }
    rate = static_cast<double>(done) /
           (static_cast<double>(clock.monotonic() - begin) / static_cast<double>(kSecond));
  });
  if (rate == 0) return std::nullopt;
  return rate;
}

/// Bits a second that iperf3 gets through.
std::optional<double> stream(const AgentLab& lab) {
  const auto text = lab.sender.run({"iperf3", "--client", kServer, "--time", "2", "--json"});
  if (!text) {
    fmt::print(stderr, "{}\n", text.error().message);
    return std::nullopt;
  }
  simdjson::dom::parser parser;
  double rate = 0;
  if (parser.parse(*text)["end"]["sum_received"]["bits_per_second"].get(rate) != simdjson::SUCCESS)
    return std::nullopt;
  return rate;
}

struct Series {
  std::vector<double> without;
  std::vector<double> with;
  std::vector<double> ratios;  ///< of one round, one right after the other

  void add(double bare, double watched) {
    without.push_back(bare);
    with.push_back(watched);
    ratios.push_back(watched / bare);
  }
  void row(std::vector<Row>& rows, const std::string& what, const std::string& unit,
           double scale) const {
    rows.push_back({what, "no agent", median(without) / scale, unit, "", "", true});
    const double ratio = median(ratios);
    rows.push_back({what, "agent, defaults", median(with) / scale, unit,
                    fmt::format("{:.3f} of it (median of {} rounds)", ratio, ratios.size()),
                    ">= 0.95", ratio >= 0.95});
  }
};

bool measure_rounds(const AgentLab& lab, Series& transactions, Series& bits) {
  for (int round = 0; round < kRounds; ++round) {
    std::optional<double> bare[2];
    std::optional<double> watched[2];
    const auto without = [&] {
      bare[0] = request_response(lab);
      bare[1] = stream(lab);
    };
    const auto with = [&] {
      const auto agent = RunningAgent::start(lab);
      if (!agent) return;
      watched[0] = request_response(lab);
      watched[1] = stream(lab);
    };
    // Who comes first alternates: a machine that slows down harms both alike.
    if (round % 2 == 0) {
      without();
      with();
    } else {
      with();
      without();
    }
    if (!bare[0] || !bare[1] || !watched[0] || !watched[1]) return false;
    transactions.add(*bare[0], *watched[0]);
    bits.add(*bare[1], *watched[1]);
  }
  return true;
}

int measure() {
  if (const auto obstacle = test::netns_obstacle(); !obstacle.empty()) {
    fmt::print(stderr, "{}\n", obstacle);
    return 1;
  }
  const auto lab = build_agent_lab();
  if (!lab) {
    fmt::print(stderr, "cannot build the lab\n");
    return 1;
  }
  const auto server = lab->watched.start({"iperf3", "--server", "--forceflush"});
  const Echo echo(*lab);
  if (!server || !echo.ready() || !server->wait_for_output("listening", 10 * kSecond)) {
    fmt::print(stderr, "cannot start the servers\n");
    return 1;
  }
  Series transactions;
  Series bits;
  const bool done = measure_rounds(*lab, transactions, bits);
  std::vector<Row> rows;
  if (!transactions.ratios.empty()) {
    transactions.row(rows, "TCP request and response", "k/s", 1e3);
    bits.row(rows, "iperf3, one stream", "Gbit/s", 1e9);
  }
  report("What programs lose", rows);
  if (!done) fmt::print(stderr, "a measurement failed; what is above is what there is\n");
  return done ? 0 : 1;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::measure(); }
