// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "kube/client/server_config.h"

namespace netprobe::kube {

/// How a request ended.
struct Outcome {
  enum class Failure : std::uint8_t {
    kNone,         ///< the server answered in full: see `status`
    kUnreachable,  ///< no connection
    kTls,          ///< certificates do not fit: ours or the server's
    kBroken,       ///< the answer began and was cut off, or nothing came in time
    kRefusedByUs,  ///< the receiver did not want more of it
  };
  Failure failure = Failure::kNone;
  int status = 0;           ///< HTTP; 0: none came
  Nanos retry_after = 0;    ///< what the server asks for; 0: nothing
  std::string body;         ///< of an answer that is not 200, its beginning
  std::string error;        ///< of a failure, one sentence
  std::uint64_t bytes = 0;  ///< of body, as decoded
};

/// One question to the API server.
struct Request {
  std::string path;    ///< with its query
  std::string accept;  ///< media types
  bool compressed = false;
  Nanos total_timeout = 0;  ///< 0: none
  /// Given up if nothing at all arrives for so long; 0: never. Whole seconds.
  Nanos silence = 0;
  /// Once, when the head of the answer is there, with its status. Must not
  /// start or cancel requests, as on_data.
  std::function<void(int)> on_begin;
  /// Of a 200 answer, as it comes; false: enough of it. Must not start or
  /// cancel requests.
  std::function<bool(std::string_view)> on_data;
  /// Once, from Transport::run(); may start requests.
  std::function<void(const Outcome&)> on_done;
};

/// All requests of one client, at once and on one thread, over libcurl: HTTP/2
/// where the server has it, so that all watches share a connection, else
/// HTTP/1.1. Redirects are not followed: credentials go where they are meant to.
class Transport {
 public:
  using Id = std::uint64_t;  ///< 0 is none

  struct Options {
    Nanos connect_timeout = 3 * kSecond;
    /// A silent connection is probed after so long and given up three probes
    /// later, so that a server that vanished is noticed in half a minute.
    Nanos keepalive = 10 * kSecond;
    std::string user_agent = "netprobe";
    bool http2 = true;
  };
  explicit Transport(Options options);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// For requests from now on; those that run keep theirs.
  void set_server(ServerConfig config, Credentials credentials);
  [[nodiscard]] Id start(Request request);
  /// Neither callback is called any more. Unknown ids are ignored.
  void cancel(Id id);
  void cancel_all();
  /// Moves data and tells of ends; never waits. True: a callback was called.
  bool run();
  /// Waits until there is something to do, one of `descriptors` can be read,
  /// wake() was called, or the time is over.
  void wait(Nanos timeout, std::span<const int> descriptors);
  /// From any thread.
  void wake();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace netprobe::kube
