// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "model/response.h"

namespace netprobe {

/// One change: who did what to whom, why, until when, and what came of it.
struct AuditLine {
  Nanos time = 0;      ///< wall
  std::string action;  ///< "block", "unblock", "expire", "keep", "limit", "unlimit", "clear" …
  std::string what;    ///< a prefix; of a limit its address; a feed's name
  std::string who;
  std::string reason;
  std::string result = "ok";  ///< or the sentence of the refusal
  BlockMode mode = BlockMode::kDryRun;
  Nanos until = 0;          ///< wall; 0: does not apply
  PlaneLimit limit;         ///< of "limit", "unlimit", "keep-limit": what is not above
  std::uint64_t count = 0;  ///< of a feed
};

/// A line of JSON, with its newline.
[[nodiscard]] std::string to_json(const AuditLine& line);
/// Null-like error for what is no such line; what follows a crash may be half a line.
[[nodiscard]] Result<AuditLine> parse_audit_line(std::string_view text);

/// The trail: a file that is only written to its end, each change on disk before it
/// is said to be done. It is also what blocks are known by after a restart. One thread.
class AuditLog {
 public:
  /// `most_bytes`: then it is renamed to PATH.1 (that to PATH.2 …, `files` of them are
  /// kept), and begins anew with what is in force.
  AuditLog(std::string path, std::uint64_t most_bytes = 16U << 20U, int files = 5)
      : path_(std::move(path)), most_bytes_(most_bytes), files_(files) {}

  /// Every line that can be read, oldest first; `damaged` counts the others. No error
  /// where there is no file yet.
  [[nodiscard]] Result<std::vector<AuditLine>> read(std::size_t& damaged) const;
  /// Appends them and waits for the disk.
  [[nodiscard]] Status append(const std::vector<AuditLine>& lines);
  [[nodiscard]] bool is_full() const { return size_ >= most_bytes_; }
  /// Begins a new file with these lines.
  [[nodiscard]] Status rotate(const std::vector<AuditLine>& in_force);
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  [[nodiscard]] Status open();
  const std::string path_;
  const std::uint64_t most_bytes_;
  const int files_;
  UniqueFd fd_;
  std::uint64_t size_ = 0;
};

}  // namespace netprobe
