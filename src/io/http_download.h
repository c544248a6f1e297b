// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace netprobe {

struct HttpDownloadOptions {
  std::string ca_file;               ///< empty: the system's authorities
  std::vector<std::string> headers;  ///< "Name: value"; with any, redirects are not followed
  Nanos connect_timeout = 10 * kSecond;
  Nanos total_timeout = 600 * kSecond;
  Nanos stalled_timeout = 30 * kSecond;  ///< with less than 100 bytes a second
  std::uint64_t max_bytes = 0;           ///< of a body, unpacked; more is an error
  long max_redirects = 5;                ///< never from https to http
};

/// What a server told of a document, by which it is asked whether there is a newer one.
struct DocumentVersion {
  std::string etag;
  std::string last_modified;
  bool operator==(const DocumentVersion&) const = default;
};

struct DownloadReply {
  int status = 0;           ///< 304: there is none newer
  DocumentVersion version;  ///< of what came
  Nanos retry_after = 0;    ///< that the answer asks for; 0: none
};

/// Fetches large documents, piece by piece. One thread an object, stop() aside.
class HttpDownload {
 public:
  /// Takes the next piece of a body; false ends the download, which is then an error.
  using Piece = std::function<bool(std::string_view)>;

  HttpDownload();
  ~HttpDownload();
  HttpDownload(const HttpDownload&) = delete;
  HttpDownload& operator=(const HttpDownload&) = delete;

  /// Fetches what is newer than `known` (empty: whatever there is). `begin` is called before
  /// the first piece of a 200 answer, of which alone `piece` is told. A body that breaks off
  /// is an error. Errors do not have the URL in them: it may have a secret.
  [[nodiscard]] Result<DownloadReply> get(const std::string& url, const DocumentVersion& known,
                                          const HttpDownloadOptions& options,
                                          const std::function<bool(const DownloadReply&)>& begin,
                                          const Piece& piece);
  /// Any thread: ends a get() that waits, and all that are begun later.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace netprobe
