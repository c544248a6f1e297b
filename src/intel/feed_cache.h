// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "io/http_download.h"

namespace netprobe::intel {

/// What is known of a text that is kept.
struct CachedText {
  std::string location;  ///< where it came from
  DocumentVersion version;
  Nanos fetched = 0;  ///< wall
};

/// The last good text of one feed on disk: a file with a few lines about it in front, so that
/// both change at once. Without a directory it keeps nothing, and that is no error. A
/// process, and a feed, of its own.
class FeedCache {
 public:
  /// `directory` is made where it is not there; what it holds is for this user alone.
  FeedCache(std::string directory, std::string_view feed);
  FeedCache(FeedCache&&) noexcept = default;
  ~FeedCache();

  [[nodiscard]] bool is_on() const { return !directory_.empty(); }
  /// Reads what is kept of `location`: `piece` gets its text. kNotFound: nothing is.
  [[nodiscard]] Result<CachedText> read(const std::string& location,
                                        const std::function<Status(std::string_view)>& piece);
  /// Begins to write a text beside the one that is kept, which stays until commit().
  [[nodiscard]] Status begin(const CachedText& about);
  [[nodiscard]] Status add(std::string_view piece);
  [[nodiscard]] Status commit();
  /// Forgets what begin() began.
  void drop();

 private:
  [[nodiscard]] std::string path() const { return directory_ + "/" + name_; }
  [[nodiscard]] std::string part() const { return path() + ".part"; }

  std::string directory_;
  std::string name_;
  UniqueFd writing_;
};

/// Calls `piece` for a file from where it stands to its end. Stops at its first error.
[[nodiscard]] Status read_pieces(int fd, std::string_view name,
                                 const std::function<Status(std::string_view)>& piece);

}  // namespace netprobe::intel
