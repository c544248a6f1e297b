// SPDX-License-Identifier: Apache-2.0
#include "base/network_namespace.h"

#include <sys/stat.h>

namespace netprobe {

std::uint64_t own_netns() {
  struct stat info{};
  return ::stat("/proc/thread-self/ns/net", &info) == 0 ? info.st_ino : 0;
}

}  // namespace netprobe
