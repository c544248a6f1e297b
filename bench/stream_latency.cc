// SPDX-License-Identifier: Apache-2.0
#include "stream_latency.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <random>
#include <thread>

#include "io/http_client.h"
#include "io/url.h"
#include "support/netns_thread.h"

namespace netprobe::bench {
namespace {

constexpr std::uint16_t kFirstPort = 20'000;

/// What the reading thread tells: which flow it saw last, and when.
struct Seen {
  std::atomic<int> port{0};
  std::atomic<Nanos> time{0};
  std::atomic<bool> open{false};
  std::atomic<bool> ended{false};
};

int source_port(std::string_view line) {
  constexpr std::string_view kName = "\"src_port\":";
  const auto at = line.find(kName);
  if (at == std::string_view::npos) return 0;
  int port = 0;
  std::from_chars(line.data() + at + kName.size(), line.data() + line.size(), port);
  return port;
}

void read_stream(const std::string& query, Seen& seen, const std::atomic<bool>& done) {
  const SystemClock clock;
  HttpClient client;
  (void)client.stream(
      "http://127.0.0.1:8081/api/stream" + (query.empty() ? "" : "?q=" + percent_encode(query)),
      [&](std::string_view line) {
        const Nanos now = clock.monotonic();
        seen.open = true;
        const int port = source_port(line);
        if (port > seen.port) {
          seen.time = now;
          seen.port = port;
        }
        return !done;
      },
      [&] { return !done; });
  seen.ended = true;
}

bool wait_for(const std::function<bool()>& condition) {
  for (int i = 0; i < 20'000 && !condition(); ++i)
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  return condition();
}

/// One packet of a flow of its own; the time just before it.
Nanos send_one(std::uint16_t port) {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_port = htons(port);
  sockaddr_in to = from;
  to.sin_port = htons(9);
  to.sin_addr.s_addr = htonl(kFirstDestination + 1);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&from), sizeof(from)) != 0) return 0;
  const Nanos time = SystemClock().monotonic();
  return ::sendto(socket.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 1
             ? time
             : 0;
}

std::vector<double> sample(Seen& seen, int samples) {
  std::vector<double> result;
  std::minstd_rand random(1);  // NOLINT: the same in every run
  for (int i = 0; i < samples && !seen.ended; ++i) {
    // Somewhere in the agent's turn, not always just after one.
    std::this_thread::sleep_for(std::chrono::microseconds(20'000 + random() % 20'000));
    const auto port = static_cast<std::uint16_t>(kFirstPort + i);
    const Nanos sent = send_one(port);
    if (sent == 0 || !wait_for([&] { return seen.port >= port; })) continue;
    result.push_back(static_cast<double>(seen.time - sent) / kMillisecond);
  }
  return result;
}

}  // namespace

std::vector<double> stream_latencies(const AgentLab& lab, int samples, const std::string& query) {
  Seen seen;
  std::atomic<bool> done{false};
  bool entered = false;
  std::thread reader = thread_in(lab.watched, entered, [&] { read_stream(query, seen, done); });
  std::vector<double> result;
  if (wait_for([&] { return seen.open || seen.ended; }))
    run_in(lab.sender, [&] { result = sample(seen, samples); });
  // The line that the reader waits for, to see that it is done.
  done = true;
  run_in(lab.sender, [&] { (void)send_one(kFirstPort - 1); });
  reader.join();
  return result;
}

}  // namespace netprobe::bench
