// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace netprobe::testing {

/// For tests: what a server answered. Header names are in lower case.
struct Answer {
  long status = 0;  ///< 0: no answer
  std::string body;
  std::map<std::string, std::string> headers;
  long new_connections = 0;  ///< opened for this request
};

/// For tests: an HTTP client that is not ours (libcurl) and keeps its
/// connection from one request to the next. One thread.
class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port);
  [[nodiscard]] Answer get(const std::string& path, const std::vector<std::string>& headers = {});
  [[nodiscard]] Answer request(const std::string& method, const std::string& path,
                               const std::vector<std::string>& headers = {},
                               const std::string& body = "");
  /// Lets libcurl ask for compression, and undo it.
  void accept_compression() { compression_ = true; }

 private:
  std::unique_ptr<CURL, void (*)(CURL*)> curl_;
  std::string base_;
  bool compression_ = false;
};

/// For tests: a bare connection to 127.0.0.1, to send what no client would and
/// to read as slowly as needed. Reads give up after some seconds.
class RawConnection {
 public:
  explicit RawConnection(std::uint16_t port, int receive_buffer = 0);
  void send(std::string_view text) const;
  /// Appends what comes next to `seen`; false at the end, or if nothing comes.
  bool read_more();
  /// Reads until `text` was seen; false where it does not come.
  bool read_until(std::string_view text);
  [[nodiscard]] const std::string& seen() const { return seen_; }
  /// read_until() looks at what comes from now on.
  void forget() { seen_.clear(); }
  void close() { fd_.reset(); }

 private:
  UniqueFd fd_;
  std::string seen_;
};

}  // namespace netprobe::testing
