// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/duckdb/catalogue.h"

namespace netprobe::duck {

/// Keeps the files in order: sums closed raw files up, and removes what is too old
/// or too much. Of one thread.
class Keeper {
 public:
  Keeper(Catalogue& catalogue, const DuckDbOptions& options, const Clock& clock)
      : catalogue_(catalogue), options_(options), clock_(clock) {}

  /// Runs what needs much memory when nobody else does. False: it did not, and all ends.
  using Turn = std::function<bool(const std::function<void()>& work)>;
  /// All that is to be done now; stops between two steps when `go_on` says no. The
  /// error of a step that failed: it is tried again the next time. Of a file, each of its sums
  /// is made in a turn of its own.
  [[nodiscard]] Status work(const std::function<bool()>& go_on, const Turn& in_turn);
  /// It has summed something up.
  [[nodiscard]] bool has_worked() const { return has_worked_; }
  /// Rows of files that were removed.
  [[nodiscard]] std::uint64_t rows_removed() const { return rows_removed_; }

 private:
  [[nodiscard]] Status sum_up(const FileView& raw, FileKind kind,
                              const std::function<bool()>& go_on);
  /// Adds to the transaction, from the attached `file`, whose rows of flows are summed a
  /// stretch of time at a time.
  [[nodiscard]] Status insert(const FileView& raw, FileKind kind, const HistoryFile& file,
                              const HistoryFile& target, const std::function<bool()>& go_on);
  /// Bounds of these stretches, of whole buckets: from the first to behind the last.
  [[nodiscard]] Result<std::vector<Micros>> stretches(const std::string& flows, Micros bucket,
                                                      const std::function<bool()>& go_on);
  void remove_old();
  void remove_much();
  void remove(const FileView& view);

  Catalogue& catalogue_;
  const DuckDbOptions& options_;
  const Clock& clock_;
  std::unique_ptr<Session> session_;
  bool has_worked_ = false;
  std::uint64_t rows_removed_ = 0;
};

}  // namespace netprobe::duck
