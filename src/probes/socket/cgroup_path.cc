// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/cgroup_path.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <sstream>

namespace netprobe {
namespace {

constexpr std::size_t kIdLength = 64;
/// FILEID_KERNFS, include/linux/exportfs.h: a handle is the inode number.
constexpr int kKernfsHandle = 0xfe;

bool is_id(std::string_view text) {
  return text.size() == kIdLength && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// "docker-<id>.scope", "cri-containerd-<id>.scope", "crio-<id>",
/// "libpod-<id>.scope", "<slice>:cri-containerd:<id>", "<id>".
std::string_view id_in(std::string_view part) {
  if (part.ends_with(".scope")) part.remove_suffix(6);
  if (const auto colon = part.rfind(':'); colon != std::string_view::npos)
    part.remove_prefix(colon + 1);
  if (const auto dash = part.rfind('-'); dash != std::string_view::npos)
    part.remove_prefix(dash + 1);
  return is_id(part) ? part : std::string_view{};
}

std::string cgroup2_mount() {
  std::ifstream mounts("/proc/self/mounts");
  std::string line;
  while (std::getline(mounts, line)) {
    std::istringstream fields(line);
    std::string device;
    std::string where;
    std::string type;
    if (fields >> device >> where >> type && type == "cgroup2") return where;
  }
  return {};
}

}  // namespace

std::string container_of(std::string_view path) {
  // The innermost one: containers may run containers. conmon, which watches a
  // container beside it, is not inside ("libpod-conmon-<id>.scope").
  while (!path.empty()) {
    const auto slash = path.rfind('/');
    const auto part = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
    if (part.find("-conmon-") == std::string_view::npos)
      if (const auto id = id_in(part); !id.empty()) return std::string(id);
    if (slash == std::string_view::npos) break;
    path = path.substr(0, slash);
  }
  return {};
}

void CgroupPaths::open() {
  mount_path_ = cgroup2_mount();
  if (!mount_path_.empty())
    mount_.reset(::open(mount_path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

CgroupName CgroupPaths::look_up(std::uint64_t id) {
  if (id == 1) return {"/", {}};  // the root, also of every process without cgroup v2
  struct Handle {
    file_handle head;
    std::array<unsigned char, sizeof(std::uint64_t)> inode;
  };
  alignas(Handle) std::array<unsigned char, sizeof(Handle)> bytes{};
  auto* handle = reinterpret_cast<file_handle*>(bytes.data());
  handle->handle_bytes = sizeof(id);
  handle->handle_type = kKernfsHandle;
  std::memcpy(bytes.data() + offsetof(file_handle, f_handle), &id, sizeof(id));
  const UniqueFd cgroup(
      mount_ ? ::open_by_handle_at(mount_.get(), handle, O_RDONLY | O_CLOEXEC | O_PATH) : -1);
  if (!cgroup) {
    ++not_found_;
    return {};
  }
  std::array<char, 4096> target{};
  const auto size = ::readlink(("/proc/self/fd/" + std::to_string(cgroup.get())).c_str(),
                               target.data(), target.size());
  std::string_view path(target.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  if (path.starts_with(mount_path_)) path.remove_prefix(mount_path_.size());
  if (path.empty()) path = "/";
  return {std::string(path), container_of(path)};
}

void CgroupPaths::make_room() {
  // What was not asked for since the last time goes; if all was, all goes.
  const auto before = known_.size();
  std::erase_if(known_, [&](const auto& entry) { return entry.second.generation < generation_; });
  if (known_.size() == before) known_.clear();
  ++generation_;
}

const CgroupName& CgroupPaths::find(std::uint64_t id) {
  auto found = known_.find(id);
  if (found == known_.end()) {
    if (known_.size() >= most_) make_room();
    found = known_.emplace(id, Entry{look_up(id), generation_}).first;
  }
  found->second.generation = generation_;
  return found->second.name;
}

}  // namespace netprobe
