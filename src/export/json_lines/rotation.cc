// SPDX-License-Identifier: Apache-2.0
#include "export/json_lines/rotation.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

namespace netprobe {
namespace {

// Some 20 ms of work.
constexpr std::size_t kStep = 2U << 20U;
constexpr std::size_t kChunk = 64U << 10U;

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
    UniqueFd out(::open(job->half().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                        info.st_mode & 0777U));
    if (!out) return fail_errno("cannot write " + job->half());
    // The quickest level: a tenth of the size for a hundredth of a second a megabyte.
    job->out_ = ::gzdopen(out.get(), "wb1");
    if (job->out_ == nullptr) return fail("there is no memory to compress " + job->from_);
    (void)out.release();
    return job;
  }
  Job(std::string from, std::string to) : from_(std::move(from)), to_(std::move(to)) {}
  ~Job() {
    if (out_ == nullptr) return;
    ::gzclose(out_);
    ::unlink(half().c_str());
  }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  /// True: it is done.
  Result<bool> step() {
    std::vector<char> chunk(kChunk);
    for (std::size_t done = 0; done < kStep;) {
      const ssize_t count = ::read(in_.get(), chunk.data(), chunk.size());
      if (count < 0) return fail_errno("cannot read " + from_);
      if (count == 0) return finish();
      if (::gzwrite(out_, chunk.data(), static_cast<unsigned>(count)) != count)
        return fail_errno("cannot write " + half(), errno == 0 ? ENOSPC : errno);
      done += static_cast<std::size_t>(count);
    }
    return false;
  }

 private:
  [[nodiscard]] std::string half() const { return to_ + ".part"; }
  Result<bool> finish() {
    const int closed = ::gzclose(std::exchange(out_, nullptr));
    if (closed != Z_OK) {
      const int code = errno == 0 ? ENOSPC : errno;
      ::unlink(half().c_str());
      return fail_errno("cannot write " + half(), code);
    }
    if (::rename(half().c_str(), to_.c_str()) != 0) return fail_errno("cannot write " + to_);
    ::unlink(from_.c_str());
    return true;
  }

  const std::string from_;
  const std::string to_;
  UniqueFd in_;
  gzFile out_ = nullptr;
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
