// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace netprobe {

/// An answer of an HTTP server, whatever its status.
struct HttpReply {
  int status = 0;
  std::string content_type;  ///< without parameters, lower case
  std::string body;
};

/// Fetches over HTTP and HTTPS. Blocking; one thread an object; keeps the
/// connection between calls.
class HttpClient {
 public:
  struct Options {
    Nanos connect_timeout = 3 * kSecond;
    /// Of get() and post(), all together; 0: none. A stream has none.
    Nanos total_timeout = 30 * kSecond;
    std::size_t max_body = 256U * 1024 * 1024;  ///< bytes; more is an error
    std::size_t max_line = 16U * 1024 * 1024;   ///< of a stream; more is an error
  };
  HttpClient() : HttpClient(Options{}) {}
  explicit HttpClient(Options options);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  /// Errors: kNotFound where nobody answers there, kUsage where it is no URL,
  /// else kFailed. A status such as 404 is a reply, not an error.
  [[nodiscard]] Result<HttpReply> get(const std::string& url);
  /// The same for a POST of `body`, which is of that media type.
  [[nodiscard]] Result<HttpReply> post(const std::string& url, const std::string& content_type,
                                       const std::string& body);

  /// A request that may change something, with the token that it needs.
  struct Change {
    std::string method;  ///< "POST", "DELETE"
    std::string url;
    std::string token;         ///< Authorization: Bearer; empty: none
    std::string content_type;  ///< of `body`
    std::string body;          ///< empty: none
  };
  [[nodiscard]] Result<HttpReply> send(const Change& change);

  /// Calls `line` for every line of a 200 answer as it arrives, without its
  /// end, and `pause` when all that has arrived was handed over; false of
  /// either stops. Any other status comes back as the reply, with its body. A
  /// connection that breaks is an error; one that the server ends is not.
  [[nodiscard]] Result<HttpReply> stream(const std::string& url,
                                         const std::function<bool(std::string_view)>& line,
                                         const std::function<bool()>& pause);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace netprobe
