// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace netprobe {

struct HttpPosterOptions {
  std::string ca_file;  ///< empty: the system's authorities
  std::string certificate_file;
  std::string key_file;
  bool insecure = false;  ///< takes any certificate
  bool http2 = false;     ///< HTTP/2 alone, without TLS by prior knowledge, as gRPC has it
  /// A connection for each post: nothing goes out a second time by itself.
  bool once = false;
  Nanos timeout = 10 * kSecond;        ///< of one post, with its connection
  std::size_t most_body = 64U << 10U;  ///< of an answer; more is cut off
};

/// What came of a post.
struct PostReply {
  enum class Failure : std::uint8_t {
    kNone,         ///< the server answered: see `status`
    kUnreachable,  ///< no connection was made: the request never left
    kBroken,       ///< no answer, or half of one: the request may have been carried out
    kStopped,      ///< by stop()
  };
  Failure failure = Failure::kNone;
  int status = 0;
  std::string body;
  /// Of the answer, trailers among them; names in small letters.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string error;        ///< of a failure: one sentence
  Nanos retry_after = 0;    ///< that the answer asks for, as seconds or as a date; 0: none
  std::uint64_t bytes = 0;  ///< of the body that went out

  /// Empty: it is not there.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// Posts to one HTTP server, on a connection that is kept between posts. One thread
/// an object, stop() aside. Redirects are not followed.
class HttpPoster {
 public:
  explicit HttpPoster(HttpPosterOptions options);
  ~HttpPoster();
  HttpPoster(const HttpPoster&) = delete;
  HttpPoster& operator=(const HttpPoster&) = delete;

  /// `headers`: "Name: value". Where, without `once`, a kept connection turns out to be dead before
  /// a byte of an answer came, the request goes out a second time by itself.
  [[nodiscard]] PostReply post(const std::string& url, const std::vector<std::string>& headers,
                               std::string_view body);
  /// Any thread: ends a post that waits, and all that are begun later.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace netprobe
