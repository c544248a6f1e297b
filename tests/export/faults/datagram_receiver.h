// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "export/faults/fault_table.h"

namespace netprobe::test {

/// Of UDP nobody tells but that nobody listens.
class DatagramReceiver : public Receiver {
 public:
  ~DatagramReceiver() override {
    reader_.request_stop();
    if (reader_.joinable()) reader_.join();
  }
  void begin(Fault fault) override {
    if (fault == Fault::kDown) socket_.reset();
  }
  void mend() override {
    if (!socket_) socket_ = listening(SOCK_DGRAM, port_);
    const int large = 16 << 20;
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &large, sizeof large);
    reader_ = std::jthread([this](const std::stop_token& stop) { read(stop); });
  }

 protected:
  [[nodiscard]] std::string at() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::vector<std::string> datagrams() const {
    const MutexLock lock(mutex_);
    return datagrams_;
  }

 private:
  void read(const std::stop_token& stop) {
    std::array<char, 65'536> some{};
    while (!stop.stop_requested()) {
      pollfd ready{.fd = socket_.get(), .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, 10) <= 0) continue;
      const ssize_t got = ::recv(socket_.get(), some.data(), some.size(), 0);
      const MutexLock lock(mutex_);
      if (got > 0) datagrams_.emplace_back(some.data(), static_cast<std::size_t>(got));
    }
  }
  UniqueFd socket_ = listening(SOCK_DGRAM);
  const int port_ = port_of(socket_);
  mutable Mutex mutex_;
  std::vector<std::string> datagrams_ NETPROBE_GUARDED_BY(mutex_);
  std::jthread reader_;
};

}  // namespace netprobe::test
