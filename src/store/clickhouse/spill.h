// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "store/clickhouse/insert_group.h"

namespace netprobe {

/// A batch on disk.
struct SpilledFile {
  std::string name;         ///< "00000000000000000012-50000.batch": its turn, its rows
  std::uint64_t bytes = 0;
  std::uint64_t rows = 0;   ///< as the name says
  bool out_of_order = false;  ///< ".again": it was set aside once
};

/// A folder of batches that wait. Files are written whole, flushed to the disk and
/// then renamed; what is half written after a crash is removed. Not thread-safe,
/// but that different files may be written and read at once.
class Spill {
 public:
  /// Makes the folder where it is not there. Errors: no such right, or another
  /// process has it.
  [[nodiscard]] static Result<Spill> open(std::string directory);

  /// What was there when it was opened, oldest first.
  [[nodiscard]] const std::vector<SpilledFile>& found() const { return found_; }

  /// Writes one file behind all others. Error::code is ENOSPC or so.
  [[nodiscard]] Result<SpilledFile> write(const InsertGroup& group);
  [[nodiscard]] Result<InsertGroup> read(const SpilledFile& file) const;
  void remove(const SpilledFile& file) const;
  /// Into the folder "corrupt", where nothing looks at it any more.
  void quarantine(const SpilledFile& file) const;
  /// Into the folder "rejected", from where a person may move it back. The oldest
  /// there go where it has more than `most` bytes.
  void reject(const SpilledFile& file, std::uint64_t most) const;

 private:
  Spill() = default;
  [[nodiscard]] std::string path(std::string_view name) const;
  void flush_folder() const;

  std::string directory_;
  UniqueFd lock_;
  std::uint64_t last_number_ = 0;
  std::vector<SpilledFile> found_;
};

}  // namespace netprobe
