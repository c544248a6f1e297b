// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace netprobe {

/// A process as it was when it did something: later it may be gone, and its
/// number another's. Immutable and shared.
struct ProcessRef {
  std::uint32_t pid = 0;        ///< thread group, in the initial namespace
  std::string comm;             ///< at most 15 characters
  std::uint64_t cgroup_id = 0;  ///< cgroup v2's inode number; 0 not known
  std::string cgroup;           ///< path below the cgroup mount; empty not known
  std::string container;        ///< id, 64 hex digits; empty outside containers
  /// connect, listen, accept, close, data or file: by what it did with the socket
  /// or has of it. listener: for the time being, it has the socket that listens.
  std::string_view known_by;
};
using ProcessPtr = std::shared_ptr<const ProcessRef>;

}  // namespace netprobe
