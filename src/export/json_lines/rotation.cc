// SPDX-License-Identifier: Apache-2.0
#include "export/json_lines/rotation.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "io/deflate.h"

namespace netprobe {
namespace {

// Some 6 ms of work.
constexpr std::size_t kStep = 2U << 20U;
constexpr std::size_t kChunk = 256U << 10U;

/// ENOENT is no error: there was nothing to move.
Status move(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT)
    return fail_errno("cannot rename " + from + " to " + to);
  return {};
}

}  // namespace

/// One file that becomes a compressed one.
class Rotation::Job {
 public:
  static Result<std::unique_ptr<Job>> make(std::string from, std::string to) {
    auto job = std::make_unique<Job>(std::move(from), std::move(to));
    job->in_.reset(::open(job->from_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!job->in_) return fail_errno("cannot read " + job->from_);
    struct stat info{};
    if (::fstat(job->in_.get(), &info) != 0) return fail_errno("cannot read " + job->from_);
    job->out_.reset(::open(job->half().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                           info.st_mode & 0777U));
    if (!job->out_) return fail_errno("cannot write " + job->half());
    return job;
  }
  Job(std::string from, std::string to) : from_(std::move(from)), to_(std::move(to)) {}
  ~Job() {
    if (out_) ::unlink(half().c_str());
  }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  /// True: it is done.
  Result<bool> step() {
    std::vector<char> chunk(kChunk);
    for (std::size_t done = 0; done < kStep;) {
      const ssize_t count = ::read(in_.get(), chunk.data(), chunk.size());
      if (count < 0) return fail_errno("cannot read " + from_);
      const auto size = static_cast<std::size_t>(count);
      if (auto s = write({chunk.data(), size}, count == 0); !s) return std::unexpected(s.error());
      if (count == 0) return finish();
      done += size;
    }
    return false;
  }

 private:
  [[nodiscard]] std::string half() const { return to_ + ".part"; }
  Status write(std::string_view text, bool last) {
    using enum DeflateStream::Flush;
    packed_.clear();
    gzip_.add(text, last ? kEnd : kNone, packed_);
    for (std::string_view left = packed_; !left.empty();) {
      const ssize_t count = ::write(out_.get(), left.data(), left.size());
      if (count <= 0) return fail_errno("cannot write " + half(), count == 0 ? ENOSPC : errno);
      left.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
  }
  Result<bool> finish() {
    // Some file systems say only when it is closed that there is no room.
    if (::close(out_.release()) != 0 || ::rename(half().c_str(), to_.c_str()) != 0) {
      const int code = errno;
      ::unlink(half().c_str());
      return fail_errno("cannot write " + to_, code);
    }
    ::unlink(from_.c_str());
    return true;
  }

  const std::string from_;
  const std::string to_;
  UniqueFd in_;
  UniqueFd out_;  ///< until all is written
  DeflateStream gzip_;
  std::string packed_;
};

Rotation::Rotation(std::string path, std::size_t keep, bool compress)
    : path_(std::move(path)), keep_(keep), compress_(compress) {}
Rotation::~Rotation() = default;

std::string Rotation::numbered(std::size_t number, bool compressed) const {
  return path_ + "." + std::to_string(number) + (compressed ? ".gz" : "");
}

/// Makes room at number 1.
Status Rotation::shift() {
  for (const bool compressed : {false, true}) ::unlink(numbered(keep_, compressed).c_str());
  for (std::size_t number = keep_; number-- > 1;)
    for (const bool compressed : {false, true})
      if (auto s = move(numbered(number, compressed), numbered(number + 1, compressed)); !s)
        return s;
  return {};
}

Status Rotation::rotate() {
  while (busy())
    if (auto s = step(); !s) break;  // it stays as it is
  if (keep_ == 0) {
    if (::unlink(path_.c_str()) != 0 && errno != ENOENT)
      return fail_errno("cannot remove " + path_);
    return {};
  }
  if (auto s = shift(); !s) return s;
  if (auto s = move(path_, numbered(1, false)); !s) return s;
  if (!compress_) return {};
  auto job = Job::make(numbered(1, false), numbered(1, true));
  if (!job) return std::unexpected(job.error());
  job_ = std::move(*job);
  return {};
}

Status Rotation::step() {
  if (!job_) return {};
  const auto done = job_->step();
  if (!done || *done) job_.reset();
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace netprobe
