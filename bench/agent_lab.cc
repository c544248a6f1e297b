// SPDX-License-Identifier: Apache-2.0
#include "agent_lab.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "cpu_time.h"
#include "io/http_client.h"
#include "support/netns_thread.h"

namespace netprobe::bench {
namespace {

constexpr std::size_t kBatch = 60;

/// Sends at its pace until all is sent or the socket refuses.
class Sender {
 public:
  explicit Sender(const Load& load) : load_(load), to_(load.flows) {
    for (std::size_t i = 0; i < to_.size(); ++i) {
      to_[i].sin_family = AF_INET;
      to_[i].sin_port = htons(9);
      to_[i].sin_addr.s_addr = htonl(kFirstDestination + 256 + static_cast<std::uint32_t>(i));
    }
  }

  Sent run() {
    socket_.reset(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_port = htons(5000);
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&from), sizeof(from)) != 0)
      return {};
    const Nanos begin = clock_.monotonic();
    const double cpu = thread_seconds();
    const double lag = load_.packets_per_second / 100;
    double forgiven = 0;
    std::uint64_t sent = 0;
    while (sent < load_.packets) {
      const double due =
          static_cast<double>(clock_.monotonic() - begin) / 1e9 * load_.packets_per_second -
          forgiven;
      const double behind = due - static_cast<double>(sent);
      if (behind > lag) forgiven += behind - lag;
      if (behind < 1) {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
        continue;
      }
      const auto count = static_cast<std::size_t>(std::min(
          {behind, static_cast<double>(kBatch), static_cast<double>(load_.packets - sent)}));
      const int done = batch(count);
      if (done <= 0) break;
      sent += static_cast<std::uint64_t>(done);
    }
    return {sent, static_cast<double>(clock_.monotonic() - begin) / 1e9, thread_seconds() - cpu};
  }

 private:
  int batch(std::size_t count) {
    iovec data{payload_.data(), payload_.size()};
    std::array<mmsghdr, kBatch> messages{};
    for (std::size_t i = 0; i < count; ++i) {
      msghdr& header = messages[i].msg_hdr;
      header.msg_name = &to_[next_];
      header.msg_namelen = sizeof(sockaddr_in);
      header.msg_iov = &data;
      header.msg_iovlen = 1;
      if (++next_ == to_.size()) next_ = 0;
    }
    return ::sendmmsg(socket_.get(), messages.data(), static_cast<unsigned>(count), 0);
  }

  const Load load_;
  const SystemClock clock_;
  std::vector<sockaddr_in> to_;
  UniqueFd socket_;
  std::array<char, 18> payload_{};
  std::size_t next_ = 0;
};

std::string agent_binary() {
  const char* folder = std::getenv("NETPROBE_BIN");
  return std::string(folder == nullptr ? "build/release" : folder) + "/src/agent/netprobe-agent";
}

template <typename Each>
void each_sample(const std::string& text, std::string_view name, const Each& each) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(name) || line.size() <= name.size() ||
        (line[name.size()] != '{' && line[name.size()] != ' '))
      continue;
    const auto space = line.rfind(' ');
    double value = 0;
    std::from_chars(line.data() + space + 1, line.data() + line.size(), value);
    each(line.substr(name.size(), space - name.size()), value);
  }
}

}  // namespace

std::optional<AgentLab> build_agent_lab() {
  auto a = test::NetNamespace::create();
  auto b = test::NetNamespace::create();
  if (!a || !b) return std::nullopt;
  const bool ok = test::add_veth(*a, "v0", *b, "v1") && a->add_address("v0", "10.199.0.1/16") &&
                  b->add_address("v1", "10.199.0.2/16") &&
                  a->ip({"route", "add", "10.200.0.0/14", "via", "10.199.0.2"}) &&
                  b->ip({"route", "add", "local", "10.200.0.0/14", "dev", "lo"});
  if (!ok) return std::nullopt;
  auto sink = Sink::make(*b, 9);
  if (!sink) return std::nullopt;
  return AgentLab{std::move(*a), std::move(*b), std::move(sink)};
}

std::unique_ptr<Sink> Sink::make(const test::NetNamespace& ns, std::uint16_t port) {
  UniqueFd socket;
  run_in(ns, [&] {
    socket.reset(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = htons(port);
    const int room = 16 << 20;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) != 0)
      socket.reset();
  });
  if (!socket) return nullptr;
  return std::unique_ptr<Sink>(new Sink(std::move(socket)));
}

Sink::Sink(UniqueFd socket) : socket_(std::move(socket)), thread_([this] { read_all(); }) {}

Sink::~Sink() {
  stop_ = true;
  thread_.join();
}

void Sink::read_all() {
  char byte = 0;
  iovec data{&byte, sizeof(byte)};
  std::array<mmsghdr, kBatch> messages{};
  for (mmsghdr& message : messages) {
    message.msg_hdr.msg_iov = &data;
    message.msg_hdr.msg_iovlen = 1;
  }
  while (!stop_) {
    // Asleep, and not waiting: the sender would pay for each time that it wakes somebody,
    // which in a virtual machine is more than the rest of a packet's way.
    std::this_thread::sleep_for(std::chrono::microseconds(500));
    while (::recvmmsg(socket_.get(), messages.data(), kBatch, MSG_DONTWAIT, nullptr) > 0) {
    }
  }
}

Sent send(const AgentLab& lab, const Load& load) {
  Sent sent;
  run_in(lab.sender, [&] { sent = Sender(load).run(); });
  return sent;
}

double Page::sum(std::string_view name, std::string_view label) const {
  double total = 0;
  each_sample(text_, name, [&](std::string_view labels, double value) {
    if (labels.find(label) != std::string_view::npos) total += value;
  });
  return total;
}

double Page::sum_of_absolutes(std::string_view name) const {
  double total = 0;
  each_sample(text_, name, [&](std::string_view, double value) { total += std::abs(value); });
  return total;
}

std::string Page::losses(double& total) const {
  std::string list;
  total = 0;
  // Without quotation marks: it goes into the JSON file as it is.
  each_sample(text_, "netprobe_events_lost_total", [&](std::string_view labels, double value) {
    if (value > 0) list += fmt::format("{}={} ", labels, value);
    total += value;
  });
  std::erase(list, '"');
  return list;
}

std::optional<RunningAgent> RunningAgent::start(const AgentLab& lab,
                                                std::vector<std::string> flags) {
  auto data = std::make_unique<test::TempDir>();
  flags.insert(flags.begin(), {agent_binary(), "--log-format=text", "--data-dir=" + data->path()});
  auto process = lab.watched.start(std::move(flags));
  if (!process) {
    fmt::print(stderr, "{}\n", process.error().message);
    return std::nullopt;
  }
  if (const auto up = process->wait_for_output("look at http", 20 * kSecond); !up) {
    fmt::print(stderr, "the agent did not start: {}\n", up.error().message);
    return std::nullopt;
  }
  return RunningAgent(lab, std::move(data), std::move(*process));
}

std::optional<Page> RunningAgent::metrics() const {
  std::optional<Page> page;
  run_in(lab_->watched, [&] {
    HttpClient client;
    auto reply = client.get("http://127.0.0.1:8081/metrics");
    if (reply && reply->status == 200) page.emplace(std::move(reply->body));
  });
  return page;
}

double RunningAgent::cpu_seconds() const {
  clockid_t clock = 0;
  return ::clock_getcpuclockid(process_.pid(), &clock) == 0 ? seconds_on(clock) : std::nan("");
}

double RunningAgent::resident_mib() const {
  std::ifstream statm(fmt::format("/proc/{}/statm", process_.pid()));
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

}  // namespace netprobe::bench
