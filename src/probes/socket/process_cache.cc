// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/process_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/unique_fd.h"

namespace netprobe {
namespace {

std::string_view name_of(std::uint8_t known_by) {
  static constexpr std::array<std::string_view, NP_KNOWN_BYS> kNames{
      "", "connect", "listen", "accept", "close", "data", "file", "listener"};
  return known_by < kNames.size() ? kNames[known_by] : kNames[0];
}

std::string_view comm_of(const np_owner& owner) {
  return {owner.comm, ::strnlen(owner.comm, sizeof(owner.comm))};
}

/// Empty where it cannot be read: a process may end while its file is, and then
/// the read fails (ESRCH), not the open; a stream's buffer would throw.
std::string text_of(const std::string& path) {
  constexpr std::size_t kMost = 64 * 1024;
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4096> part{};
  while (file && text.size() < kMost) {
    const auto size = ::read(file.get(), part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return {};
    if (size == 0) break;
    text.append(part.data(), static_cast<std::size_t>(size));
  }
  return text;
}

/// Numbers of processes are the initial namespace's, and /proc has those of its own.
bool sees_all_processes(const std::string& proc) {
  constexpr std::string_view kInitial = "pid:[4026531836]";  // PROC_PID_INIT_INO
  std::array<char, 64> name{};
  const auto size = ::readlink((proc + "/self/ns/pid").c_str(), name.data(), name.size());
  return size > 0 && std::string_view(name.data(), static_cast<std::size_t>(size)) == kInitial;
}

}  // namespace

void ProcessCache::open() {
  cgroups_.open();
  cgroup_v1_ = sees_all_processes(proc_) && has_cgroup_v1(text_of(proc_ + "/self/cgroup"));
}

bool ProcessCache::asks_proc(const CgroupName& cgroup) const {
  return cgroup_v1_ && cgroup.container.empty();
}

CgroupName ProcessCache::cgroup_now(const np_owner& owner, const CgroupName& unified) const {
  const std::string process = proc_ + "/" + std::to_string(owner.pid);
  auto cgroup = cgroup_of_process(text_of(process + "/cgroup"));
  // Asked last: what was read before was of this process, or of nobody.
  if (text_of(process + "/comm") != std::string(comm_of(owner)) + "\n") return {};
  if (cgroup.container.empty() && unified.path.size() > 1) return unified;
  return cgroup;
}

void ProcessCache::notice(const np_owner& owner) {
  if (!np_owner_is_whole(&owner)) return;
  if (cgroup_v1_) {
    Entry& entry = entry_of(owner);
    if (entry.round == round_) return;
    entry.round = round_;
    const CgroupName& unified = cgroups_.find(owner.cgroup_id);
    if (!asks_proc(unified)) return;
    const auto cgroup = cgroup_now(owner, unified);
    // One that has ended keeps what it had.
    if (cgroup.path.empty() || cgroup.container == entry.process->container) return;
    ProcessRef process = *entry.process;
    process.cgroup = cgroup.path;
    process.container = cgroup.container;
    entry.process = std::make_shared<const ProcessRef>(std::move(process));
    return;
  }
  if (owner.cgroup_id == last_cgroup_) return;
  last_cgroup_ = owner.cgroup_id;
  (void)cgroups_.find(owner.cgroup_id);
}

ProcessCache::Entry& ProcessCache::entry_of(const np_owner& owner) {
  // All that tells one process from another, whatever thread it was.
  std::string key(reinterpret_cast<const char*>(&owner.pid), sizeof(owner.pid));
  key.append(reinterpret_cast<const char*>(&owner.cgroup_id), sizeof(owner.cgroup_id));
  key.push_back(static_cast<char>(owner.known_by));
  key.append(comm_of(owner));
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  if (known_.size() >= most_) known_.clear();  // records in use stay with their users
  CgroupName cgroup = cgroups_.find(owner.cgroup_id);
  if (asks_proc(cgroup))
    if (auto now = cgroup_now(owner, cgroup); !now.path.empty()) cgroup = std::move(now);
  auto process = std::make_shared<const ProcessRef>(
      ProcessRef{owner.pid, std::string(comm_of(owner)), owner.cgroup_id, cgroup.path,
                 cgroup.container, name_of(owner.known_by)});
  return known_.emplace(std::move(key), Entry{std::move(process), round_}).first->second;
}

ProcessPtr ProcessCache::find(const np_owner& owner) {
  if (!np_owner_is_whole(&owner)) return nullptr;  // read half-way, or not known
  return entry_of(owner).process;
}

}  // namespace netprobe
