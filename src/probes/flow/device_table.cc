// SPDX-License-Identifier: Apache-2.0
#include "probes/flow/device_table.h"

namespace netprobe {
namespace {

std::uint64_t load(const __u64& counter) { return __atomic_load_n(&counter, __ATOMIC_RELAXED); }

static_assert(static_cast<std::size_t>(NP_UNATTR_MAX) == kUnattributedCauses);
static_assert(static_cast<int>(Unattributed::kNonIp) == NP_UNATTR_NON_IP);
static_assert(static_cast<int>(Unattributed::kMalformed) == NP_UNATTR_MALFORMED);
static_assert(static_cast<int>(Unattributed::kCacheFull) == NP_UNATTR_CACHE);
static_assert(static_cast<int>(Unattributed::kTooDeep) == NP_UNATTR_TOO_DEEP);

}  // namespace

Result<DeviceTable> DeviceTable::make(const FlowPrograms& programs) {
  auto devices = MappedArray<np_device>::make(
      programs.object.map_fd("device_stats"),
      static_cast<std::size_t>(programs.devices_per_cpu) * programs.cpus);
  if (!devices) return std::unexpected(devices.error());
  return DeviceTable(std::move(*devices), programs.cpus, programs.devices_per_cpu);
}

Status DeviceTable::claim(std::uint32_t ifindex) {
  if (has(ifindex)) return {};
  for (std::uint32_t probe = 0; probe < NP_DEVICE_PROBES; ++probe) {
    const std::uint32_t slot = (ifindex + probe) & (per_cpu_ - 1);
    if (devices_[slot].dir[NP_INGRESS].ifindex != 0) continue;
    for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
      for (std::uint32_t direction = 0; direction < 2; ++direction) {
        np_device_stats& stats = devices_[cpu * per_cpu_ + slot].dir[direction];
        stats = np_device_stats{};
        stats.direction = direction;
        __atomic_store_n(&stats.ifindex, ifindex, __ATOMIC_RELEASE);
      }
    }
    slots_.emplace(ifindex, slot);
    return {};
  }
  return fail("there is no room for another interface: raise --max-interfaces");
}

void DeviceTable::release(std::uint32_t ifindex) {
  const auto found = slots_.find(ifindex);
  if (found == slots_.end()) return;
  add_fast(found->second, released_);
  for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu)
    for (np_device_stats& stats : devices_[cpu * per_cpu_ + found->second].dir)
      stats = np_device_stats{};
  slots_.erase(found);
}

void DeviceTable::add_fast(std::uint32_t slot, FastClasses& to) const {
  for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu)
    for (const np_device_stats& stats : devices_[cpu * per_cpu_ + slot].dir)
      for (std::size_t i = 0; i < to.size(); ++i) to[i] += load(stats.fast[i]);
}

DeviceTable::FastClasses DeviceTable::fast_classes() const {
  FastClasses sum = released_;
  for (const auto& [ifindex, slot] : slots_) add_fast(slot, sum);
  return sum;
}

std::uint64_t DeviceTable::bytes(std::uint32_t ifindex, Direction direction) const {
  const auto found = slots_.find(ifindex);
  if (found == slots_.end()) return 0;
  std::uint64_t sum = 0;
  for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
    const np_device_stats& stats =
        devices_[cpu * per_cpu_ + found->second].dir[static_cast<std::size_t>(direction)];
    sum += load(stats.bytes) + load(stats.gso_extra_bytes);
  }
  return sum;
}

DeviceCounters DeviceTable::read(std::uint32_t ifindex, Direction direction) const {
  DeviceCounters sum;
  const auto found = slots_.find(ifindex);
  if (found == slots_.end()) return sum;
  for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
    const np_device_stats& stats =
        devices_[cpu * per_cpu_ + found->second].dir[static_cast<std::size_t>(direction)];
    sum.kernel_packets += load(stats.packets);
    sum.kernel_bytes += load(stats.bytes);
    sum.packets += load(stats.packets) + load(stats.gso_extra_packets);
    sum.bytes += load(stats.bytes) + load(stats.gso_extra_bytes);
    for (std::size_t cause = 0; cause < kUnattributedCauses; ++cause)
      sum.unattributed[cause] += load(stats.unattributed[cause]);
    sum.inner_packets += load(stats.inner_packets);
    sum.inner_unattributed += load(stats.inner_unattributed);
    sum.icmp_errors_lost += load(stats.icmp_errors_lost);
  }
  return sum;
}

}  // namespace netprobe
