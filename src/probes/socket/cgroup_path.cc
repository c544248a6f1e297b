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

namespace {

/// "4:cpu,cpuacct:/docker/<id>", "1:name=systemd:/…", "0::/…". False where it is
/// none of these.
bool split(std::string_view line, std::string_view& controllers, std::string_view& path) {
  const auto first = line.find(':');
  if (first == std::string_view::npos) return false;
  const auto second = line.find(':', first + 1);  // a path may have more of them
  if (second == std::string_view::npos || second + 1 >= line.size()) return false;
  controllers = line.substr(first + 1, second - first - 1);
  path = line.substr(second + 1);
  constexpr std::string_view kDeleted = " (deleted)";
  if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
  return path.starts_with('/');
}

template <typename Each>
void for_each_cgroup(std::string_view lines, const Each& each) {
  while (!lines.empty()) {
    const auto line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    std::string_view controllers;
    std::string_view path;
    if (split(line, controllers, path)) each(controllers, path);
  }
}

std::ptrdiff_t depth_of(std::string_view path) {
  return path == "/" ? 0 : std::ranges::count(path, '/');
}

}  // namespace

bool has_cgroup_v1(std::string_view lines) {
  bool found = false;
  for_each_cgroup(lines, [&](std::string_view controllers, std::string_view) {
    found = found || !controllers.empty();
  });
  return found;
}

CgroupName cgroup_of_process(std::string_view lines) {
  CgroupName best;
  for_each_cgroup(lines, [&](std::string_view, std::string_view path) {
    auto container = container_of(path);
    const bool named = !container.empty();
    const bool best_named = !best.container.empty();
    if (named == best_named ? best.path.empty() || depth_of(path) > depth_of(best.path) : named)
      best = {std::string(path), std::move(container)};
  });
  return best;
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
