// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace netprobe::test {

/// A TCP proxy on loopback that stands before an HTTP server and does what networks
/// and other proxies do. Faults meet requests whose first line has `word` only, so
/// that questions go through where inserts do not.
class FaultyProxy {
 public:
  enum class Fault {
    kNone,
    kDropAnswer,   ///< the server has the whole request, and its answer goes nowhere
    kCutRequest,   ///< the server gets `bytes` of it
    kHoldRequest,  ///< nothing is sent on until release(), then all of it; no answer
    kStatus500,    ///< answered without the server
    kGarbage,      ///< an answer that is no HTTP
    kGarbage200,   ///< an answer with status 200 that is not ClickHouse's
    kRefuse,       ///< connections are closed at once
  };

  explicit FaultyProxy(int server_port);
  ~FaultyProxy();
  FaultyProxy(const FaultyProxy&) = delete;
  FaultyProxy& operator=(const FaultyProxy&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// For the next `times` requests with the word.
  void set(Fault fault, int times, std::string word = "INSERT", std::size_t bytes = 0);
  /// Lets go what kHoldRequest holds, and waits until the server has had it.
  void release();
  /// Requests that met a fault.
  [[nodiscard]] int met() const { return met_; }

 private:
  void accept_all();
  void serve(UniqueFd client);
  [[nodiscard]] Fault fault_for(const std::string& head, std::size_t& bytes);

  int server_port_;
  int port_ = 0;
  UniqueFd listener_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> released_{false};
  std::atomic<int> holding_{0};
  std::atomic<int> met_{0};
  std::mutex mutex_;
  Fault fault_ = Fault::kNone;
  int times_ = 0;
  std::string word_;
  std::size_t bytes_ = 0;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace netprobe::test
