// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "export/json_lines/line_buffer.h"

namespace netprobe {

/// A file of whole lines that is only written to its end. Where the disk is full, what
/// was written of a line is taken back. One who renames or removes the file gets a new
/// one at its place.
class LineFile {
 public:
  LineFile(std::string path, mode_t mode) : path_(std::move(path)), mode_(mode) {}

  /// The lines that were written, all or the first few; then why not all.
  struct Written {
    std::size_t lines = 0;
    Status status;
  };
  [[nodiscard]] Written write(const LineBuffer& lines);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// As of the last write.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] bool is_open() const { return static_cast<bool>(fd_); }
  /// It was opened so many times: another file each time, or for the first time.
  [[nodiscard]] std::uint64_t openings() const { return openings_; }
  /// It was there before, with something in it.
  [[nodiscard]] bool was_there() const { return was_there_; }
  void close() { fd_.reset(); }

 private:
  [[nodiscard]] Status open();
  [[nodiscard]] Status mend();
  [[nodiscard]] bool is_still_there() const;

  const std::string path_;
  const mode_t mode_;
  UniqueFd fd_;
  std::uint64_t size_ = 0;
  std::uint64_t openings_ = 0;
  bool was_there_ = false;
  bool torn_ = false;  ///< there may be half a line behind `size_`
};

}  // namespace netprobe
