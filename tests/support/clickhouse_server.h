// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "support/loopback.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace netprobe::test {

/// A real ClickHouse server on loopback, with free ports, a configuration and a
/// folder of its own; it is gone with the object. Its HTTP port stays the same
/// over kill() and restart().
class ClickHouseServer {
 public:
  struct Options {
    std::string data_path;  ///< an existing folder; empty: a temporary one
    std::string user = "default";
    std::string password;
    /// Of one query, in bytes; what the machine's other tests need is not taken.
    std::uint64_t max_memory = 2'000'000'000;
  };

  /// Why there can be none here; empty where there can.
  [[nodiscard]] static std::string obstacle();
  /// Starts it and waits until it answers.
  [[nodiscard]] static Result<std::unique_ptr<ClickHouseServer>> start(const Options& options);
  [[nodiscard]] static Result<std::unique_ptr<ClickHouseServer>> start() { return start({}); }

  [[nodiscard]] int port() const { return http_port_; }
  /// "http://127.0.0.1:PORT", without user and password.
  [[nodiscard]] std::string url() const;

  /// As kill -9 does it.
  void kill();
  /// In good order, as far as it goes in time.
  void stop();
  /// Stops what runs (SIGSTOP) or lets it go on: a server that is there and does
  /// not answer.
  void freeze(bool frozen) const;
  /// After kill() or stop(): starts it on the same data and waits until it answers.
  [[nodiscard]] Status restart();

  /// Asks it, as its user, within 30 seconds; the answer without its last newline.
  /// An error with what the server says where the status is not 200.
  [[nodiscard]] Result<std::string> ask(const std::string& sql) const;
  /// What it said on its standard error, its end: for messages of failed tests.
  [[nodiscard]] std::string log_tail() const;

 private:
  explicit ClickHouseServer(Options options);
  void write_config() const;

  Options options_;
  TempDir dir_;
  int http_port_ = 0;
  int tcp_port_ = 0;
  int interserver_port_ = 0;
  std::optional<Process> server_;
};

/// The status and the body of an answer over HTTP; for what tests ask servers.
struct PlainReply {
  int status = 0;
  std::string body;
};
/// POST (a GET where `body` is empty) to 127.0.0.1:`port`, with a bound on time.
[[nodiscard]] Result<PlainReply> plain_http(int port, const std::string& target,
                                            const std::string& headers, const std::string& body,
                                            Nanos timeout);

}  // namespace netprobe::test
