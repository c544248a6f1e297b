// SPDX-License-Identifier: Apache-2.0
#include "alerts/learnt_state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/unique_fd.h"
#include "base/write_all.h"

namespace netprobe {
namespace {

// More is no state of any detector (sketch/saved_state.h).
constexpr std::size_t kMostBytes = std::size_t{16} << 20U;

std::string path_of(const std::string& directory, const Detector& detector) {
  return directory + '/' + std::string(detector.name()) + ".state";
}

}  // namespace

Status load_learnt(const std::string& directory, Detector& detector) {
  const std::string path = path_of(directory, detector);
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return errno == ENOENT ? Status{} : fail_errno(path + ": cannot be read");
  std::string text;
  for (std::string piece(1U << 16U, '\0');;) {
    const ssize_t n = ::read(file.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(path + ": cannot be read");
    if (n == 0) break;
    text.append(piece, 0, static_cast<std::size_t>(n));
    if (text.size() > kMostBytes) return fail(path + ": is too large to be what was learnt");
  }
  if (auto loaded = detector.load(text); !loaded)
    return fail(path + ": " + loaded.error().message, loaded.error().kind);
  return {};
}

Status save_learnt(const std::string& directory, Detector& detector, std::string& room) {
  room.clear();
  detector.save(room);
  if (room.empty()) return {};
  const std::string path = path_of(directory, detector);
  const std::string part = path + ".new";
  const auto failed = [&](const Error& error) -> Status {
    (void)::unlink(part.c_str());
    return fail(path + ": " + error.message, error.kind);
  };
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno(directory + ": cannot be made");
  {
    const UniqueFd file(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file) return fail_errno(part + ": cannot be made");
    if (!write_all(file.get(), room)) return failed(fail_errno("cannot write it").error());
    if (::fsync(file.get()) != 0) return failed(fail_errno("cannot be synced").error());
  }
  if (::rename(part.c_str(), path.c_str()) != 0)
    return failed(fail_errno("cannot take the place of the file before").error());
  return {};
}

}  // namespace netprobe
