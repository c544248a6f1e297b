// SPDX-License-Identifier: Apache-2.0
#include "io/dial.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

namespace netprobe {
namespace {

constexpr int kSliceMillis = 50;
constexpr Nanos kLookUpApart = 5 * kMillisecond;

struct Addresses {
  struct Free {
    void operator()(addrinfo* found) const { ::freeaddrinfo(found); }
  };
  std::unique_ptr<addrinfo, Free> list;
  int error = 0;  ///< of getaddrinfo
};

Addresses look_up(const std::string& host, std::uint16_t port, bool datagram, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = datagram ? SOCK_DGRAM : SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  Addresses found;
  addrinfo* list = nullptr;
  found.error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  found.list.reset(list);
  return found;
}

/// Names are looked up on a thread that is left alone when time is over: the C library
/// has no bound on it that could be trusted.
Result<Addresses> addresses_of(const std::string& host, std::uint16_t port, bool datagram,
                               const Patience& patience) {
  Addresses found = look_up(host, port, datagram, AI_NUMERICHOST);
  if (found.error == 0) return found;
  struct Search {
    Addresses found;
    std::atomic<bool> done{false};
  };
  auto search = std::make_shared<Search>();
  std::thread([search, host, port, datagram] {
    search->found = look_up(host, port, datagram, AI_ADDRCONFIG);
    search->done = true;
  }).detach();
  while (!search->done) {
    if (patience.is_over()) return fail("the name " + host + " is not answered for in time");
    patience.pause(kLookUpApart);
  }
  if (search->found.error != 0)
    return fail("there is no " + host + ": " + ::gai_strerror(search->found.error));
  return std::move(search->found);
}

}  // namespace

bool Patience::await(int fd, short events) const {
  while (!is_over()) {
    pollfd ready{.fd = fd, .events = events, .revents = 0};
    if (::poll(&ready, 1, kSliceMillis) > 0) return true;
  }
  return false;
}

void Patience::pause(Nanos time) const {
  if (!is_over()) std::this_thread::sleep_for(std::chrono::nanoseconds(time));
}

Result<UniqueFd> dial(const std::string& host, std::uint16_t port, bool datagram,
                      const Patience& patience) {
  const auto addresses = addresses_of(host, port, datagram, patience);
  if (!addresses) return std::unexpected(addresses.error());
  const std::string where = host + " port " + std::to_string(port);
  int code = 0;
  for (const addrinfo* each = addresses->list.get(); each != nullptr; each = each->ai_next) {
    UniqueFd fd(::socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                         each->ai_protocol));
    if (!fd) {
      code = errno;
      continue;
    }
    if (::connect(fd.get(), each->ai_addr, each->ai_addrlen) == 0) return fd;
    code = errno;
    if (code != EINPROGRESS) continue;
    if (!patience.await(fd.get(), POLLOUT)) return fail(where + " does not answer");
    socklen_t size = sizeof code;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &code, &size) == 0 && code == 0) return fd;
  }
  return fail_errno("cannot connect to " + where, code);
}

}  // namespace netprobe
