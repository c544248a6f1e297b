// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace netprobe {

/// `text` as a gzip member (RFC 1952), at the level that costs least time;
/// nothing where zlib has no memory, then send it plain.
[[nodiscard]] std::optional<std::string> gzip(std::string_view text);

/// The same of a text that comes in pieces.
class GzipStream {
 public:
  GzipStream();
  ~GzipStream();
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  /// Appends what a reader needs to have all of `text`; with `last` the end as
  /// well. False: zlib failed, and there is no way to go on.
  [[nodiscard]] bool add(std::string_view text, bool last, std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace netprobe
