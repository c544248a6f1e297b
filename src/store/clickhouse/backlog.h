// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "store/clickhouse/options.h"
#include "store/clickhouse/spill.h"

namespace netprobe {

/// Groups that the server does not have yet, in the order in which they go: in
/// memory while all is well, on disk as soon as it is not. Thread-safe; one thread
/// pushes, another takes from the front.
class Backlog {
 public:
  /// `ended` hears of every group that leaves: the numbers of its batches.
  using Ended = std::function<void(std::uint64_t first_batch)>;
  Backlog(const ClickHouseOptions& options, Ended ended);

  /// Opens the spill directory, where there is to be one; what it has from before
  /// comes first. An error leaves the backlog to memory alone.
  [[nodiscard]] Status open();

  /// Behind all others; lost, and counted, where there is no room.
  void push(std::unique_ptr<InsertGroup> group);
  /// The oldest, read from disk where it is there; null: none. It stays the
  /// front, and what the caller notes in it stays noted, until pop() or park().
  [[nodiscard]] InsertGroup* front();
  void pop();
  /// The server will not have what of it is not done: to the side, where there is a
  /// disk, and counted.
  void park();
  /// Writes all to the disk, and what comes from now on until calm().
  void keep_on_disk();
  void calm();
  /// The program ends, and nobody calls any more: to the disk, or lost.
  void give_up();

  struct Counts {
    std::uint64_t groups = 0;
    std::uint64_t rows = 0;
    std::uint64_t bytes_in_memory = 0;
    std::uint64_t bytes_spilled = 0;
    std::uint64_t files = 0;
    std::map<std::string, std::uint64_t> lost;  ///< rows by cause
    std::string problem;                        ///< of the spill directory
  };
  [[nodiscard]] Counts counts() const;

 private:
  struct Entry {
    std::unique_ptr<InsertGroup> group;  ///< null: on disk alone
    std::optional<SpilledFile> file;
    std::uint64_t rows = 0;
    std::uint64_t first_batch = 0;
    bool from_before = false;
  };
  /// True: it is on disk now.
  bool to_disk(Entry& entry);
  void remember(const Entry& entry, int sign) NETPROBE_REQUIRES(mutex_);
  void lose(std::string_view cause, std::uint64_t rows);
  void leave(Entry entry);

  const ClickHouseOptions& options_;
  const Ended ended_;
  std::optional<Spill> spill_;
  /// Of files: names are given, and disk space is looked at, one after the other.
  Mutex writing_;
  mutable Mutex mutex_;
  /// Entries are changed by the thread that takes, but for new ones at the end.
  std::deque<Entry> entries_ NETPROBE_GUARDED_BY(mutex_);
  bool on_disk_ NETPROBE_GUARDED_BY(mutex_) = false;
  Counts counts_ NETPROBE_GUARDED_BY(mutex_);
};

}  // namespace netprobe
