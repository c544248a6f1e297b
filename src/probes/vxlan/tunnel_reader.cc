// SPDX-License-Identifier: Apache-2.0
#include "probes/vxlan/tunnel_reader.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace netprobe {
namespace {

/// Rows a system call.
constexpr std::uint32_t kBatch = 256;

static_assert(static_cast<int>(Tunnel::kVxlan) == NP_TUNNEL_VXLAN);
static_assert(static_cast<int>(Tunnel::kIpip) == NP_TUNNEL_IPIP);

IpAddress address(const __u8 (&bytes)[16]) {
  return IpAddress(std::span<const std::uint8_t, 16>(bytes));
}

TunnelRow decode(const np_tunnel_key& key, const np_tunnel_stats* of_cpus, std::uint32_t cpus) {
  TunnelRow row;
  row.key = {static_cast<Tunnel>(key.kind),
             key.vni,
             address(key.outer_src_ip),
             address(key.outer_dst_ip),
             static_cast<Direction>(key.direction),
             key.ifindex};
  for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
    row.counters += {of_cpus[cpu].packets, of_cpus[cpu].bytes};
    row.fragments += of_cpus[cpu].fragments;
    const auto first = static_cast<Nanos>(of_cpus[cpu].first_seen);
    if (first != 0 && (row.first_seen == 0 || first < row.first_seen)) row.first_seen = first;
    row.last_seen = std::max(row.last_seen, static_cast<Nanos>(of_cpus[cpu].last_seen));
  }
  return row;
}

np_tunnel_key encode(const TunnelKey& from) {
  np_tunnel_key key{};
  std::ranges::copy(from.outer_src.bytes(), key.outer_src_ip);
  std::ranges::copy(from.outer_dst.bytes(), key.outer_dst_ip);
  key.vni = from.vni;
  key.ifindex = from.ifindex;
  key.kind = static_cast<__u8>(from.kind);
  key.direction = static_cast<__u8>(from.direction);
  return key;
}

}  // namespace

TunnelReader::TunnelReader(TunnelMaps maps, RingReader ring, MappedArray<np_packet_stats> classes,
                           std::size_t capacity)
    : maps_(std::move(maps)),
      ring_(std::move(ring)),
      classes_(std::move(classes)),
      capacity_(capacity) {}

Result<TunnelReader> TunnelReader::make(TunnelMaps maps, OnEvent on_event) {
  auto ring = RingReader::make(maps.events.get(),
                               [handler = std::move(on_event)](std::span<const std::byte> record) {
                                 np_tunnel_event event{};
                                 if (record.size() < sizeof(event)) return;
                                 std::memcpy(&event, record.data(), sizeof(event));
                                 handler(event);
                               });
  if (!ring) return std::unexpected(ring.error());
  auto classes = MappedArray<np_packet_stats>::make(maps.classes.get(), maps.cpus);
  if (!classes) return std::unexpected(classes.error());
  bpf_map_info info{};
  __u32 size = sizeof(info);
  if (bpf_map_get_info_by_fd(maps.stats.get(), &info, &size) != 0)
    return fail_errno("cannot ask for the size of vxlan_stats");
  return TunnelReader(std::move(maps), std::move(*ring), std::move(*classes), info.max_entries);
}

Result<std::vector<TunnelRow>> TunnelReader::rows() const {
  std::vector<TunnelRow> rows;
  std::uint32_t batch = kBatch;
  std::vector<np_tunnel_key> keys(batch);
  std::vector<np_tunnel_stats> values(static_cast<std::size_t>(batch) * maps_.cpus);
  __u32 position = 0;
  bool more = false;
  for (;;) {
    __u32 count = batch;
    const int error = bpf_map_lookup_batch(maps_.stats.get(), more ? &position : nullptr, &position,
                                           keys.data(), values.data(), &count, nullptr);
    if (error == -ENOSPC) {  // a bucket has more than that
      batch *= 2;
      keys.resize(batch);
      values.resize(static_cast<std::size_t>(batch) * maps_.cpus);
      continue;
    }
    if (error != 0 && error != -ENOENT) return fail_errno("cannot read vxlan_stats", -error);
    for (__u32 i = 0; i < count; ++i)
      rows.push_back(
          decode(keys[i], &values[static_cast<std::size_t>(i) * maps_.cpus], maps_.cpus));
    if (error == -ENOENT) return rows;
    more = true;
  }
}

std::optional<TunnelRow> TunnelReader::remove(const TunnelKey& from) const {
  const np_tunnel_key key = encode(from);
  std::vector<np_tunnel_stats> values(maps_.cpus);
  if (bpf_map_lookup_elem(maps_.stats.get(), &key, values.data()) != 0) return std::nullopt;
  if (bpf_map_delete_elem(maps_.stats.get(), &key) != 0) return std::nullopt;
  return decode(key, values.data(), maps_.cpus);
}

std::uint64_t TunnelReader::sum_of(np_packet_class which) const {
  std::uint64_t sum = 0;
  for (std::size_t cpu = 0; cpu < classes_.size(); ++cpu)
    sum += __atomic_load_n(&classes_[cpu].count[which], __ATOMIC_RELAXED);
  return sum;
}

std::uint64_t TunnelReader::folded() const { return sum_of(NP_PKT_TUNNEL_FOLDED); }
std::uint64_t TunnelReader::events_lost() const { return sum_of(NP_PKT_TUNNEL_EVENT_LOST); }

}  // namespace netprobe
