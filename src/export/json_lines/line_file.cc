// SPDX-License-Identifier: Apache-2.0
#include "export/json_lines/line_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace netprobe {
namespace {

// How every line of ours begins.
constexpr std::string_view kOurBegin = R"({"kind":")";
// No line of ours is longer, or nearly none.
constexpr std::size_t kLongestLine = 64U * 1024U;

std::unexpected<Error> cannot_write(const std::string& path, int code) {
  std::string way_out;
  if (code == ENOENT) way_out = "; make the folder, or give another path";
  if (code == EACCES || code == EROFS)
    way_out = "; let netprobe-agent write there, or give another path";
  if (code == ENOSPC || code == EDQUOT)
    way_out = "; make room, or keep less with rotate_size= and keep=";
  return std::unexpected(Error{"cannot write " + path + ": " + std::strerror(code) + way_out,
                               ErrorKind::kFailed, code});
}

}  // namespace

Status LineFile::open() {
  // Not held up by a pipe without a reader.
  UniqueFd fd(::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                     mode_));
  if (!fd) return cannot_write(path_, errno);
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return cannot_write(path_, errno);
  if (!S_ISREG(info.st_mode))
    return fail("cannot write " + path_ + ": it is no file; for a pipe use stdout:");
  fd_ = std::move(fd);
  size_ = static_cast<std::uint64_t>(info.st_size);
  was_there_ = size_ > 0;
  torn_ = false;
  ++openings_;
  return mend();
}

/// A process that was killed may have left half a line: ours goes, what somebody else
/// wrote is ended.
Status LineFile::mend() {
  if (size_ == 0) return {};
  std::string tail(std::min<std::uint64_t>(size_, kLongestLine), '\0');
  const auto from = static_cast<off_t>(size_ - tail.size());
  if (::pread(fd_.get(), tail.data(), tail.size(), from) != static_cast<ssize_t>(tail.size()))
    return cannot_write(path_, errno == 0 ? EIO : errno);
  if (tail.ends_with('\n')) return {};
  const auto end = tail.rfind('\n');
  const std::size_t begin = end == std::string::npos ? 0 : end + 1;
  if (std::string_view(tail).substr(begin).starts_with(kOurBegin)) {
    size_ -= tail.size() - begin;
    torn_ = true;  // taken back before the next line
    return {};
  }
  if (::write(fd_.get(), "\n", 1) != 1) return cannot_write(path_, errno);
  ++size_;
  return {};
}

bool LineFile::is_still_there() const {
  struct stat mine{};
  struct stat there{};
  return ::fstat(fd_.get(), &mine) == 0 && ::stat(path_.c_str(), &there) == 0 &&
         mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}

LineFile::Written LineFile::write(const LineBuffer& lines) {
  if (fd_ && !is_still_there()) fd_.reset();
  if (!fd_)
    if (auto s = open(); !s) return {0, s};
  if (torn_ && ::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0)
    return {0, cannot_write(path_, errno)};
  torn_ = false;
  // Somebody may have emptied it (copytruncate).
  struct stat info{};
  if (::fstat(fd_.get(), &info) != 0) return {0, cannot_write(path_, errno)};
  size_ = static_cast<std::uint64_t>(info.st_size);
  const std::string_view text = lines.text();
  std::size_t done = 0;
  int code = 0;
  while (done < text.size()) {
    const ssize_t count = ::write(fd_.get(), text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      code = count == 0 ? ENOSPC : errno;
      break;
    }
    done += static_cast<std::size_t>(count);
  }
  const std::size_t whole = lines.lines_in(done);
  size_ += lines.end_of_lines(whole);
  if (done == text.size()) return {whole, {}};
  torn_ = done > lines.end_of_lines(whole);
  if (torn_ && ::ftruncate(fd_.get(), static_cast<off_t>(size_)) == 0) torn_ = false;
  return {whole, cannot_write(path_, code)};
}

}  // namespace netprobe
