// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/unique_fd.h"

namespace netprobe::test {

/// A server of HTTP/1.1 on 127.0.0.1 that answers what a test wants, also what no server
/// should. Connections are kept.
class HttpReceiver {
 public:
  struct Request {
    std::string target;
    std::map<std::string, std::string> headers;  ///< names in small letters
    std::string body;
  };
  struct Reply {
    int status = 200;
    std::string headers;  ///< whole lines, each with its end
    std::string body;
    bool hang_up = false;  ///< in place of an answer
    std::string raw;       ///< in place of all that: these bytes, and the end
  };
  /// Called on the connections' threads.
  using Handler = std::function<Reply(const Request&)>;

  /// `port`: 0 for any that is free.
  explicit HttpReceiver(Handler handler, int port = 0);
  ~HttpReceiver();
  HttpReceiver(const HttpReceiver&) = delete;
  HttpReceiver& operator=(const HttpReceiver&) = delete;

  [[nodiscard]] int port() const { return port_; }

 private:
  void accept_all();
  void serve(int fd);

  const Handler handler_;
  UniqueFd listener_;
  int port_ = 0;
  Mutex mutex_;
  std::vector<UniqueFd> connections_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<std::jthread> threads_ NETPROBE_GUARDED_BY(mutex_);
  std::jthread accepting_;
};

/// A gzip member's content; empty where it is none.
[[nodiscard]] std::string gunzip(std::string_view text);

}  // namespace netprobe::test
