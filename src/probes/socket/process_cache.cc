// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/process_cache.h"

#include <cstring>

namespace netprobe {

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
  key.append(owner.comm, ::strnlen(owner.comm, sizeof(owner.comm)));
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  if (known_.size() >= most_) known_.clear();  // records in use stay with their users
  const CgroupName& cgroup = cgroups_.find(owner.cgroup_id);
  auto process = std::make_shared<const ProcessRef>(
      ProcessRef{owner.pid, std::string(owner.comm, ::strnlen(owner.comm, sizeof(owner.comm))),
                 owner.cgroup_id, cgroup.path, cgroup.container});
  known_.emplace(std::move(key), process);
  return process;
}

}  // namespace netprobe
