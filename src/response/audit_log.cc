// SPDX-License-Identifier: Apache-2.0
#include "response/audit_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "base/write_all.h"

namespace netprobe {
namespace {

Status write_and_sync(int fd, std::string_view text, const std::string& path) {
  if (!write_all(fd, text) || ::fsync(fd) != 0)
    return fail_errno("cannot write the audit trail " + path);
  return {};
}

std::string text_of(const std::vector<AuditLine>& lines) {
  std::string text;
  for (const AuditLine& line : lines) text += to_json(line);
  return text;
}

/// A new or renamed file is only there after a power cut if its folder was written.
void sync_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) (void)::fsync(fd.get());
}

}  // namespace

Result<std::vector<AuditLine>> AuditLog::read(std::size_t& damaged) const {
  std::vector<AuditLine> lines;
  damaged = 0;
  // A crash while it was rotated leaves PATH.1 and no PATH.
  std::string path = path_;
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) path += ".1";
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return lines;
  std::ifstream file(path);
  if (!file) return fail_errno("cannot read the audit trail " + path);
  for (std::string text; std::getline(file, text);) {
    if (text.empty()) continue;
    if (auto line = parse_audit_line(text); line)
      lines.push_back(std::move(*line));
    else
      ++damaged;
  }
  return lines;
}

Status AuditLog::open() {
  if (fd_) return {};
  UniqueFd fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  struct stat found{};
  if (!fd || ::fstat(fd.get(), &found) != 0)
    return fail_errno("cannot open the audit trail " + path_);
  size_ = static_cast<std::uint64_t>(found.st_size);
  char last = '\n';
  // Half a line of a crash ends here, so that the next one is whole.
  if (found.st_size > 0 && ::pread(fd.get(), &last, 1, found.st_size - 1) == 1 && last != '\n')
    if (auto s = write_and_sync(fd.get(), "\n", path_); !s) return s;
  fd_ = std::move(fd);
  sync_folder_of(path_);
  return {};
}

Status AuditLog::append(const std::vector<AuditLine>& lines) {
  if (lines.empty()) return {};
  if (auto s = open(); !s) return s;
  const std::string text = text_of(lines);
  if (auto s = write_and_sync(fd_.get(), text, path_); !s) {
    // What was written of it must not count after a restart.
    (void)::ftruncate(fd_.get(), static_cast<off_t>(size_));
    return s;
  }
  size_ += text.size();
  return {};
}

Status AuditLog::rotate(const std::vector<AuditLine>& in_force) {
  const std::string next = path_ + ".next";
  const std::string text = text_of(in_force);
  {
    const UniqueFd fd(::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd) return fail_errno("cannot write " + next);
    if (auto s = write_and_sync(fd.get(), text, next); !s) return s;
  }
  for (int i = files_ - 1; i > 0; --i)
    (void)std::rename((path_ + "." + std::to_string(i)).c_str(),
                      (path_ + "." + std::to_string(i + 1)).c_str());
  if (::rename(path_.c_str(), (path_ + ".1").c_str()) != 0 && errno != ENOENT)
    return fail_errno("cannot rename " + path_);
  if (::rename(next.c_str(), path_.c_str()) != 0) return fail_errno("cannot rename " + next);
  sync_folder_of(path_);
  fd_.reset();
  return open();
}

}  // namespace netprobe
