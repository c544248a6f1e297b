// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/unique_fd.h"

namespace netprobe {

/// The container that a cgroup path names: 64 hex digits, as docker,
/// containerd, cri-o and podman write them, under systemd ("…-<id>.scope") and
/// cgroupfs drivers ("…/<id>"), of cgroup v1 and v2. Empty where there is none.
[[nodiscard]] std::string container_of(std::string_view cgroup_path);

/// What is known of a cgroup.
struct CgroupName {
  std::string path;  ///< below the mount, "/" for its root; empty: not found
  std::string container;
};

/// From the lines of /proc/PID/cgroup, of cgroup v1 (one a hierarchy), v2 or both:
/// the innermost path that names a container, or without one the innermost path.
/// Controllers may be mounted without each other, so no single one is asked.
[[nodiscard]] CgroupName cgroup_of_process(std::string_view lines);
/// Do those lines tell of cgroup v1?
[[nodiscard]] bool has_cgroup_v1(std::string_view lines);

/// Names of cgroups by their id, found while they live and kept for a while
/// after. One thread.
class CgroupPaths {
 public:
  explicit CgroupPaths(std::size_t most = 16'384) : most_(most) {}
  /// Opens the cgroup2 mount; without one nothing is ever found.
  void open();
  /// One look at the kernel for each id that is new; the reference holds until
  /// the next call.
  [[nodiscard]] const CgroupName& find(std::uint64_t id);
  [[nodiscard]] std::uint64_t not_found() const { return not_found_; }

 private:
  struct Entry {
    CgroupName name;
    std::uint64_t generation = 0;
  };
  [[nodiscard]] CgroupName look_up(std::uint64_t id);
  void make_room();

  const std::size_t most_;
  UniqueFd mount_;
  std::string mount_path_;
  std::unordered_map<std::uint64_t, Entry> known_;
  std::uint64_t generation_ = 0;
  std::uint64_t not_found_ = 0;
};

}  // namespace netprobe
