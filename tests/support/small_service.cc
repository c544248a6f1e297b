// SPDX-License-Identifier: Apache-2.0
// Who is flooded, and who asks it in earnest.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "support/netns_thread.h"
#include "support/syn_flood.h"

namespace netprobe::test {

struct SmallService::State {
  std::atomic<bool> enough{false};
  std::atomic<int> listens{0};  // -1: it cannot
  std::thread thread;
};

SmallService::SmallService(std::unique_ptr<State> state) : state_(std::move(state)) {}
SmallService::SmallService(SmallService&&) noexcept = default;
SmallService::~SmallService() {
  if (!state_) return;
  state_->enough = true;
  state_->thread.join();
}

Result<SmallService> SmallService::start(const SynLab& lab, std::optional<unsigned> cpu) {
  auto state = std::make_unique<State>();
  State& s = *state;
  s.thread = thread_in(lab.service, [&s, cpu](bool entered) {
    stay_on(cpu);
    const UniqueFd listening(::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int yes = 1;
    ::setsockopt(listening.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    sockaddr_in6 any{};  // IPv4 as well
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(SynLab::kPort);
    const bool ready =
        entered && listening &&
        ::bind(listening.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) == 0 &&
        ::listen(listening.get(), 128) == 0;
    s.listens = ready ? 1 : -1;
    while (ready && !s.enough) {
      pollfd waiting{listening.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) continue;
      while (UniqueFd one{::accept(listening.get(), nullptr, nullptr)})
        (void)::send(one.get(), "yes", 3, MSG_NOSIGNAL);
    }
  });
  SmallService service(std::move(state));
  while (service.state_->listens == 0) std::this_thread::yield();
  if (service.state_->listens < 0) return fail("the service cannot listen");
  return service;
}

namespace {

/// One connection of a client: connecting, then waiting for three bytes.
UniqueFd connect_to(const sockaddr* address, socklen_t size) {
  UniqueFd one(::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!one) return one;
  const linger at_once{1, 0};  // a reset: no port is kept
  ::setsockopt(one.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  if (::connect(one.get(), address, size) != 0 && errno != EINPROGRESS) one.reset();
  return one;
}

std::uint64_t ask(const AskOptions& options) {
  stay_on(options.cpu);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(SynLab::kPort);
  ::inet_pton(AF_INET6, "fd08::1", &six.sin6_addr);
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(SynLab::kPort);
  ::inet_pton(AF_INET, "10.8.0.1", &four.sin_addr);
  const auto next = [&] {
    return options.six ? connect_to(reinterpret_cast<const sockaddr*>(&six), sizeof(six))
                       : connect_to(reinterpret_cast<const sockaddr*>(&four), sizeof(four));
  };
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(options.time);
  const UniqueFd poll(::epoll_create1(EPOLL_CLOEXEC));
  std::vector<UniqueFd> open(options.at_once);
  std::uint64_t answered = 0;
  std::uint64_t begun = 0;
  const auto begin = [&](std::size_t i) {
    open[i].reset();
    if (begun >= options.most) return;
    open[i] = next();
    if (!open[i]) return;
    ++begun;
    epoll_event event{.events = EPOLLIN | EPOLLRDHUP, .data = {.u64 = i}};
    (void)::epoll_ctl(poll.get(), EPOLL_CTL_ADD, open[i].get(), &event);
  };
  for (std::size_t i = 0; i < open.size(); ++i) begin(i);
  std::array<epoll_event, 64> events{};
  while (std::chrono::steady_clock::now() < end && answered < options.most) {
    const int n = ::epoll_wait(poll.get(), events.data(), static_cast<int>(events.size()), 20);
    for (int e = 0; e < n; ++e) {
      const std::size_t i = events[static_cast<std::size_t>(e)].data.u64;
      char said[3];
      const auto got = ::recv(open[i].get(), said, sizeof(said), 0);
      if (got < 0 && errno == EAGAIN) continue;
      if (got == 3)
        ++answered;
      else
        --begun;  // it is tried again
      begin(i);
    }
  }
  return answered;
}

}  // namespace

std::uint64_t ask_service(const SynLab& lab, const AskOptions& options) {
  std::uint64_t answered = 0;
  thread_in(lab.clients, [&](bool entered) {
    if (entered) answered = ask(options);
  }).join();
  return answered;
}

}  // namespace netprobe::test
