// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "probes/socket/cgroup_path.h"

/// Paths are whatever somebody calls a cgroup: an id is 64 hex digits that
/// stand there, or there is none, and what lies further in decides.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view path(reinterpret_cast<const char*>(data), size);
  const auto cgroup = netprobe::cgroup_of_process(path);
  if (cgroup.container != netprobe::container_of(cgroup.path) ||
      path.find(cgroup.path) == std::string_view::npos)
    std::abort();
  const auto id = netprobe::container_of(path);
  if (id.empty()) return 0;
  if (id.size() != 64 || id.find_first_not_of("0123456789abcdef") != std::string::npos ||
      path.find(id) == std::string_view::npos)
    std::abort();
  const std::string inner(64, 'b');
  if (netprobe::container_of(std::string(path) + "/docker-" + inner + ".scope") != inner ||
      netprobe::container_of(std::string(path) + "/init.scope") != id)
    std::abort();
  return 0;
}
