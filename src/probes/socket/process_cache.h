// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

#include "abi/socket_abi.h"
#include "model/process.h"
#include "probes/socket/cgroup_path.h"

namespace netprobe {

/// Shared records of processes, as the kernel programs saw them: a process is
/// what it was when it used the socket, whoever has its number now. One thread.
///
/// With cgroup v1 the kernel programs have no cgroup that tells of containers: it is
/// read from /proc while the process lives, and again once a round, lest somebody
/// else has its number.
class ProcessCache {
 public:
  explicit ProcessCache(std::size_t most = 16'384, std::string proc = "/proc")
      : most_(most), proc_(std::move(proc)) {}
  void open();
  /// Null for an owner that is not known.
  [[nodiscard]] ProcessPtr find(const np_owner& owner);
  /// Learns a cgroup's name while the cgroup lives; cheap for known ones.
  void notice(const np_owner& owner);
  void begin_round() { ++round_; }
  [[nodiscard]] std::uint64_t cgroups_not_found() const { return cgroups_.not_found(); }

 private:
  struct Entry {
    ProcessPtr process;
    std::uint64_t round = 0;  ///< in which /proc was read
  };
  [[nodiscard]] bool asks_proc(const CgroupName& cgroup) const;
  [[nodiscard]] CgroupName cgroup_now(const np_owner& owner, const CgroupName& unified) const;
  [[nodiscard]] Entry& entry_of(const np_owner& owner);

  const std::size_t most_;
  const std::string proc_;
  bool cgroup_v1_ = false;
  std::uint64_t round_ = 1;
  CgroupPaths cgroups_;
  std::uint64_t last_cgroup_ = 0;
  std::unordered_map<std::string, Entry> known_;
};

}  // namespace netprobe
