// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace netprobe::testing {

/// Something on a port of loopback that is no agent: a script for each connection, on a
/// thread of its own.
class RawServer {
 public:
  /// A connection, as a script sees it.
  class Connection {
   public:
    Connection(int fd, const std::atomic<bool>& stop) : fd_(fd), stop_(stop) {}
    /// False: the other side is gone, or the test ends.
    bool send(const std::string& bytes) const {
      return !stop_ && ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                           static_cast<ssize_t>(bytes.size());
    }
    /// Exactly so many bytes; fewer: it is over.
    [[nodiscard]] std::string read(std::size_t size) const {
      std::string bytes;
      while (bytes.size() < size && !stop_) {
        pollfd one{fd_, POLLIN, 0};
        if (::poll(&one, 1, 20) == 0) continue;
        std::string piece(size - bytes.size(), '\0');
        const auto got = ::recv(fd_, piece.data(), piece.size(), 0);
        if (got <= 0) break;
        bytes.append(piece, 0, static_cast<std::size_t>(got));
      }
      return bytes;
    }
    /// Waits; false: the test ends.
    [[nodiscard]] bool wait(int millis) const {
      for (int i = 0; i < millis && !stop_; i += 5)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return !stop_;
    }

   private:
    const int fd_;
    const std::atomic<bool>& stop_;
  };
  using Script = std::function<void(const Connection&)>;

  explicit RawServer(Script script) : script_(std::move(script)) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_, 64), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { accept_all(); });
  }
  ~RawServer() {
    stop_ = true;
    thread_.join();
    for (std::thread& one : threads_) one.join();
    ::close(fd_);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void accept_all() {
    while (!stop_) {
      pollfd one{fd_, POLLIN, 0};
      if (::poll(&one, 1, 20) <= 0) continue;
      const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      threads_.emplace_back([this, fd] {
        script_(Connection(fd, stop_));
        ::close(fd);
      });
    }
  }

  const Script script_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
  std::vector<std::thread> threads_;
};

/// A frame of HTTP/2 (RFC 9113 4.1).
inline std::string http2_frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                               const std::string& body) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value & 0xffU); };
  const auto size = static_cast<std::uint32_t>(body.size());
  std::string frame{byte(size >> 16U), byte(size >> 8U), byte(size), byte(type), byte(flags)};
  for (const unsigned shift : {24U, 16U, 8U, 0U}) frame += byte(stream >> shift);
  return frame + body;
}

/// Speaks HTTP/2 and answers every request with these header fields (HPACK, RFC 7541)
/// and a page.
inline void answer_http2(const RawServer::Connection& to, const std::string& fields,
                         const std::string& page) {
  if (to.read(24).size() < 24 || !to.send(http2_frame(4, 0, 0, ""))) return;
  for (;;) {
    const std::string head = to.read(9);
    if (head.size() < 9) return;
    const auto byte = [&](std::size_t i) -> std::uint32_t {
      return static_cast<std::uint8_t>(head[i]);
    };
    const std::size_t size = byte(0) << 16U | byte(1) << 8U | byte(2);
    const std::string body = to.read(size);
    std::uint32_t stream = 0;
    for (std::size_t i = 5; i < 9; ++i) stream = stream << 8U | byte(i);
    if (byte(3) == 4 && byte(4) == 0) to.send(http2_frame(4, 1, 0, ""));    // SETTINGS
    if (byte(3) == 6 && byte(4) == 0) to.send(http2_frame(6, 1, 0, body));  // PING
    if (byte(3) != 1) continue;
    to.send(http2_frame(1, 4, stream, fields));
    to.send(http2_frame(0, 1, stream, page));
  }
}

}  // namespace netprobe::testing
