// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/disk_space.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

namespace netprobe::duck {

bool DiskSpace::has_room() {
  struct statvfs info{};
  if (::statvfs(directory_.c_str(), &info) != 0) return true;  // writing will say what is wrong
  free_ = info.f_bavail * info.f_frsize;
  low_ = free_ < floor_ + (low_ ? floor_ / 8 : 0);
  return !low_;
}

std::string DiskSpace::problem() const {
  return fmt::format(
      "nothing is written: the disk of {} has {} MiB free, and history stops below {} MiB; make "
      "room, and it goes on by itself",
      directory_, free_ >> 20U, floor_ >> 20U);
}

}  // namespace netprobe::duck
