// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/process_cache.h"

#include <array>
#include <cstring>
#include <string_view>

namespace netprobe {
namespace {

std::string_view name_of(std::uint8_t known_by) {
  static constexpr std::array<std::string_view, NP_KNOWN_BYS> kNames{
      "", "connect", "listen", "accept", "close", "data", "file", "listener"};
  return known_by < kNames.size() ? kNames[known_by] : kNames[0];
}

}  // namespace

void ProcessCache::notice(const np_owner& owner) {
  if (!np_owner_is_whole(&owner) || owner.cgroup_id == last_cgroup_) return;
  last_cgroup_ = owner.cgroup_id;
  (void)cgroups_.find(owner.cgroup_id);
}

ProcessPtr ProcessCache::find(const np_owner& owner) {
  if (!np_owner_is_whole(&owner)) return nullptr;  // read half-way, or not known
  // All that tells one process from another, whatever thread it was.
  std::string key(reinterpret_cast<const char*>(&owner.pid), sizeof(owner.pid));
  key.append(reinterpret_cast<const char*>(&owner.cgroup_id), sizeof(owner.cgroup_id));
  key.push_back(static_cast<char>(owner.known_by));
  key.append(owner.comm, ::strnlen(owner.comm, sizeof(owner.comm)));
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  if (known_.size() >= most_) known_.clear();  // records in use stay with their users
  const CgroupName& cgroup = cgroups_.find(owner.cgroup_id);
  auto process = std::make_shared<const ProcessRef>(
      ProcessRef{owner.pid, std::string(owner.comm, ::strnlen(owner.comm, sizeof(owner.comm))),
                 owner.cgroup_id, cgroup.path, cgroup.container, name_of(owner.known_by)});
  known_.emplace(std::move(key), process);
  return process;
}

}  // namespace netprobe
