// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/unique_fd.h"
#include "support/loopback.h"

namespace netprobe::test {

inline UniqueFd listening(int type, int port = 0) {
  UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto address = loopback(port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    std::abort();
  if (type == SOCK_STREAM && ::listen(fd.get(), 8) != 0) std::abort();
  return fd;
}

inline int port_of(const UniqueFd& fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

/// Faults of a receiver of TCP, which it has until it is told otherwise.
struct StreamFaults {
  std::atomic<bool> away = false;          ///< nobody listens
  std::atomic<bool> hung = false;          ///< nothing is read
  std::atomic<std::size_t> cut_after = 0;  ///< a connection breaks after so many bytes; 0: none
  std::atomic<int> cuts = 0;               ///< so often
};

/// A port of loopback on which connections come one after the other, each to `serve`.
class FaultyPort {
 public:
  FaultyPort() : port_(port_of(listener_)) {}
  virtual ~FaultyPort() = default;
  FaultyPort(const FaultyPort&) = delete;
  FaultyPort& operator=(const FaultyPort&) = delete;
  [[nodiscard]] std::string at() const { return "127.0.0.1:" + std::to_string(port_); }
  StreamFaults faults;
  /// Until nobody listens any more: what the kernel takes for one that is about to go is
  /// acknowledged, and read by nobody.
  void await_away() const {
    while (!gone_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

 protected:
  /// Until it returns, no other connection is taken.
  virtual void serve(UniqueFd client) = 0;
  void begin() {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  /// Of the destructors of those that begin().
  void end() {
    thread_.request_stop();
    thread_.join();
  }
  [[nodiscard]] bool ends() const { return thread_.get_stop_token().stop_requested(); }
  /// Waits a little for something to read; false: there is nothing, or it hangs.
  [[nodiscard]] bool readable(int fd) const {
    if (faults.hung || faults.away) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return false;
    }
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&ready, 1, 10) > 0;
  }
  /// A connection has had so many bytes: is it to break?
  [[nodiscard]] bool breaks(std::size_t bytes) {
    if (faults.cut_after == 0 || bytes < faults.cut_after || faults.cuts <= 0) return false;
    --faults.cuts;
    return true;
  }
  static void reset(UniqueFd& fd) {
    const linger at_once{1, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    fd.reset();
  }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (faults.away) {
        listener_.reset();
        gone_ = true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        continue;
      }
      gone_ = false;
      if (!listener_) listener_ = listening(SOCK_STREAM, port_);
      pollfd coming{.fd = listener_.get(), .events = POLLIN, .revents = 0};
      if (::poll(&coming, 1, 10) > 0)
        serve(UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
    }
  }
  UniqueFd listener_ = listening(SOCK_STREAM);
  const int port_;
  std::atomic<bool> gone_ = false;
  std::jthread thread_;
};

/// Keeps what comes, of each connection. One that it breaks has been read as far as the
/// kernel has acknowledged it, as a good receiver does.
class FaultySink final : public FaultyPort {
 public:
  FaultySink() { begin(); }
  ~FaultySink() override { end(); }
  [[nodiscard]] std::vector<std::string> streams() const {
    const MutexLock lock(mutex_);
    return streams_;
  }

 private:
  void serve(UniqueFd client) override {
    std::string stream;
    std::array<char, 65'536> some{};
    while (!ends() && !faults.away) {
      if (!readable(client.get())) continue;
      const ssize_t got = ::recv(client.get(), some.data(), some.size(), 0);
      if (got <= 0) break;
      stream.append(some.data(), static_cast<std::size_t>(got));
      if (breaks(stream.size())) break;
    }
    ::shutdown(client.get(), SHUT_RD);
    for (ssize_t got = 0; (got = ::recv(client.get(), some.data(), some.size(), MSG_DONTWAIT)) > 0;)
      stream.append(some.data(), static_cast<std::size_t>(got));
    const MutexLock lock(mutex_);
    streams_.push_back(std::move(stream));
  }
  mutable Mutex mutex_;
  std::vector<std::string> streams_ NETPROBE_GUARDED_BY(mutex_);
};

/// Passes bytes on to a port of loopback, and its answers back.
class FaultyProxy final : public FaultyPort {
 public:
  explicit FaultyProxy(int to) : to_(to) { begin(); }
  ~FaultyProxy() override { end(); }

 private:
  void serve(UniqueFd client) override {
    UniqueFd server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = loopback(to_);
    if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      return;
    std::size_t bytes = 0;
    while (!ends() && !faults.away) {
      if (faults.hung) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        continue;
      }
      std::array<pollfd, 2> ready{pollfd{client.get(), POLLIN, 0}, pollfd{server.get(), POLLIN, 0}};
      if (::poll(ready.data(), ready.size(), 10) <= 0) continue;
      if (ready[0].revents != 0) {
        const ssize_t got = pass(client.get(), server.get());
        if (got <= 0) return;
        bytes += static_cast<std::size_t>(got);
        if (breaks(bytes)) return reset(client);
      }
      if (ready[1].revents != 0 && pass(server.get(), client.get()) <= 0) return;
    }
    if (faults.away) reset(client);
  }
  static ssize_t pass(int from, int to) {
    std::array<char, 16'384> some{};
    const ssize_t got = ::recv(from, some.data(), some.size(), 0);
    for (ssize_t done = 0; done < got;) {
      const ssize_t sent =
          ::send(to, some.data() + done, static_cast<std::size_t>(got - done), MSG_NOSIGNAL);
      if (sent <= 0) return -1;
      done += sent;
    }
    return got;
  }
  const int to_;
};

}  // namespace netprobe::test
