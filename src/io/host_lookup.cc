// SPDX-License-Identifier: Apache-2.0
#include "io/host_lookup.h"

#include <netdb.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <optional>
#include <utility>

#include "base/freed.h"
#include "base/mutex.h"

namespace netprobe {
namespace {

constexpr auto kSlice = std::chrono::milliseconds(50);  // how soon an end of patience is seen
constexpr auto kLastWait = std::chrono::seconds(1);

/// 0, or an error of getaddrinfo.
int ask(const std::string& host, std::uint16_t port, bool datagram, int flags,
        HostAddresses& found) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = datagram ? SOCK_DGRAM : SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* first = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &first);
  const std::unique_ptr<addrinfo, Freed<::freeaddrinfo>> list(first);
  for (const addrinfo* each = list.get(); each != nullptr; each = each->ai_next) {
    HostAddress& address = found.emplace_back();
    address.size = each->ai_addrlen;
    std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
  }
  return error;
}

Result<HostAddresses> ask_system(const std::string& host, std::uint16_t port, bool datagram) {
  HostAddresses found;
  const int error = ask(host, port, datagram, AI_ADDRCONFIG, found);
  if (error != 0) return fail("there is no " + host + ": " + ::gai_strerror(error));
  return found;
}

}  // namespace

/// What thread and owner share; it lives as long as either.
struct HostLookup::Search {
  std::string host;
  std::uint16_t port = 0;
  bool datagram = false;
  Mutex mutex;
  std::condition_variable_any finished;
  std::optional<Result<HostAddresses>> answer NETPROBE_GUARDED_BY(mutex);
};

HostLookup::HostLookup() : HostLookup(ask_system) {}

HostLookup::~HostLookup() {
  if (!search_) return;
  bool done = false;
  {
    const MutexLock lock(search_->mutex);
    const auto end = std::chrono::steady_clock::now() + kLastWait;
    while (!search_->answer && std::chrono::steady_clock::now() < end)
      search_->finished.wait_until(search_->mutex, end);
    done = search_->answer.has_value();
  }
  if (done) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

bool HostLookup::join_if_done() {
  if (!search_) return true;
  {
    const MutexLock lock(search_->mutex);
    if (!search_->answer) return false;
  }
  thread_.join();
  search_.reset();
  return true;
}

Result<HostAddresses> HostLookup::find(const std::string& host, std::uint16_t port, bool datagram,
                                       const Patience& patience) {
  if (HostAddresses found; ask(host, port, datagram, AI_NUMERICHOST, found) == 0) return found;
  // An answer to an earlier question may be an old one.
  if (join_if_done()) {
    search_ = std::make_shared<Search>();
    search_->host = host;
    search_->port = port;
    search_->datagram = datagram;
    thread_ = std::thread([search = search_, resolve = resolve_] {
      auto answer = resolve(search->host, search->port, search->datagram);
      const MutexLock lock(search->mutex);
      search->answer = std::move(answer);
      search->finished.notify_all();
    });
  }
  const std::shared_ptr<Search> search = search_;
  const bool is_mine = search->host == host && search->port == port && search->datagram == datagram;
  {
    const MutexLock lock(search->mutex);
    while (is_mine && !search->answer && !patience.is_over())
      search->finished.wait_for(search->mutex, kSlice);
    if (!is_mine || !search->answer)
      return fail("the name " + host + " is not answered for in time");
  }
  thread_.join();
  search_.reset();
  const MutexLock lock(search->mutex);
  if (*search->answer && (*search->answer)->empty()) return fail("there is no " + host);
  return std::move(*search->answer);
}

}  // namespace netprobe
