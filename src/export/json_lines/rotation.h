// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace netprobe {

/// Puts a file to the side: FILE becomes FILE.1, that FILE.2 and so on, of which so
/// many are kept; compressed they are FILE.1.gz. Compressing goes on in steps, so that
/// nobody is held up by a large file.
class Rotation {
 public:
  Rotation(std::string path, std::size_t keep, bool compress);
  ~Rotation();
  Rotation(const Rotation&) = delete;
  Rotation& operator=(const Rotation&) = delete;

  /// What is being compressed is first brought to its end.
  [[nodiscard]] Status rotate();
  [[nodiscard]] bool busy() const { return job_ != nullptr; }
  /// Compresses some more. An error ends it: the file stays as it is.
  [[nodiscard]] Status step();

 private:
  class Job;
  [[nodiscard]] std::string numbered(std::size_t number, bool compressed) const;
  [[nodiscard]] Status shift();

  const std::string path_;
  const std::size_t keep_;
  const bool compress_;
  std::unique_ptr<Job> job_;
};

}  // namespace netprobe
