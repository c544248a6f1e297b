// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/duckdb/catalogue.h"
#include "store/duckdb/dictionary.h"

namespace netprobe::duck {

/// Writes batches to the raw file of the time being. Of one thread.
class RawWriter {
 public:
  RawWriter(Catalogue& catalogue, const DuckDbOptions& options, const Clock& clock)
      : catalogue_(catalogue), options_(options), clock_(clock) {}

  /// Goes on with the file that an earlier process left, where that is young. Before
  /// anybody sums files up.
  void adopt();
  /// All of them in one transaction. When this returns without an error, they are on
  /// the disk. After an error, none is: those that turn out to be there all the same
  /// are passed over when they are tried again.
  [[nodiscard]] Status write(std::span<const HistoryBatchPtr> batches);
  /// Closes the file where it is old or large enough; `now` or whatever it is.
  void rotate(bool always);
  /// The last error needs the whole engine to be opened anew.
  [[nodiscard]] bool is_fatal() const { return fatal_; }

 private:
  [[nodiscard]] Status ready();
  /// Reads the dictionary of the file, where it is not known what that has.
  [[nodiscard]] Status know();
  void begin();
  [[nodiscard]] Status append(std::span<const HistoryBatchPtr> batches);
  [[nodiscard]] Result<bool> has(const std::string& batch);
  [[nodiscard]] const std::string& alias() const { return lease_.files().front()->alias; }
  void checkpoint();
  void note(const Error& error);

  Catalogue& catalogue_;
  const DuckDbOptions& options_;
  const Clock& clock_;
  std::unique_ptr<Session> session_;
  Lease lease_;
  Dictionary dictionary_;        ///< of the file
  bool is_known_ = false;        ///< what the file's dictionary has
  Nanos opened_ = 0;             ///< monotonic
  std::uint64_t unchecked_ = 0;  ///< rows in the log since the last checkpoint
  bool in_doubt_ = false;        ///< a commit failed: it may have been one
  bool fatal_ = false;
};

}  // namespace netprobe::duck
