// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "abi/socket_abi.h"
#include "model/process.h"
#include "probes/socket/cgroup_path.h"

namespace netprobe {

/// Shared records of processes, as the kernel programs saw them: a process is
/// what it was when it used the socket, whoever has its number now. One thread.
class ProcessCache {
 public:
  explicit ProcessCache(std::size_t most = 16'384) : most_(most) {}
  void open() { cgroups_.open(); }
  /// Null for an owner that is not known.
  [[nodiscard]] ProcessPtr find(const np_owner& owner);
  /// Learns a cgroup's name while the cgroup lives; cheap for known ones.
  void notice(const np_owner& owner);
  [[nodiscard]] std::uint64_t cgroups_not_found() const { return cgroups_.not_found(); }

 private:
  const std::size_t most_;
  CgroupPaths cgroups_;
  std::uint64_t last_cgroup_ = 0;
  std::unordered_map<std::string, ProcessPtr> known_;
};

}  // namespace netprobe
