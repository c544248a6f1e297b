// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/backoff.h"
#include "base/clock.h"
#include "intel/feed_cache.h"
#include "intel/feed_settings.h"
#include "intel/list_builder.h"
#include "io/http_download.h"

namespace netprobe::intel {

/// A feed as it stands, for metrics and answers.
struct FeedStatus {
  std::string name;
  bool has_list = false;
  bool from_cache = false;      ///< the list is the one that was kept, not fetched since the start
  std::uint64_t addresses = 0;  ///< of the list
  std::uint64_t prefixes = 0;
  std::uint64_t names = 0;
  std::uint64_t bytes = 0;      ///< of memory
  ListCounts counts;            ///< of the list
  Nanos fetched = 0;            ///< wall: when the list was current last; 0: never
  std::string error;            ///< of the last try; empty: it went well
  std::uint64_t refreshed = 0;  ///< since the start
  std::uint64_t unchanged = 0;
  std::uint64_t failed = 0;
};

/// One feed: its last good list, and how to get a newer one. One thread.
class Feed {
 public:
  Feed(FeedSettings settings, const std::string& cache_directory);

  /// Takes what is kept on disk. True: the list is another.
  bool load(const GuardPtr& guard, Nanos wall);
  /// Looks for a newer list, and keeps the one that it has where that is bad. True: the list
  /// is another. Errors are in the status, and logged when they begin and change.
  bool refresh(const GuardPtr& guard, const Clock& clock, HttpDownload& download);
  /// When refresh() is due, monotonic.
  [[nodiscard]] Nanos due() const { return due_; }
  void set_due(Nanos monotonic) { due_ = monotonic; }

  [[nodiscard]] const FeedSettings& settings() const { return settings_; }
  /// Null: there is none.
  [[nodiscard]] const ListIndexPtr& list() const { return list_; }
  [[nodiscard]] const FeedStatus& status() const { return status_; }

 private:
  struct Reading;
  enum class Came : std::uint8_t { kNew, kSame };
  [[nodiscard]] Result<Came> fetch(Reading& reading, HttpDownload& download, Nanos wall);
  [[nodiscard]] Result<Came> fetch_url(Reading& reading, HttpDownload& download, Nanos wall);
  [[nodiscard]] Result<Came> fetch_file(Reading& reading, Nanos wall);
  [[nodiscard]] Status begin(Reading& reading, const CachedText& about);
  [[nodiscard]] Status take(Reading& reading, std::string_view piece);
  [[nodiscard]] Status settle(Reading& reading, bool may_shrink);
  void keep(Reading& reading);
  void note_failure(const Error& error);
  void plan(const Clock& clock, bool failed);
  [[nodiscard]] bool is_past_change(Nanos wall) const;

  const FeedSettings settings_;
  FeedCache cache_;
  Backoff backoff_;
  ListIndexPtr list_;
  DocumentVersion version_;  ///< of list_
  Nanos next_change_ = 0;    ///< of list_; wall
  Nanos retry_after_ = 0;
  Nanos due_ = 0;
  bool cache_complained_ = false;
  FeedStatus status_;
};

}  // namespace netprobe::intel
