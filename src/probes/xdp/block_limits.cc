// SPDX-License-Identifier: Apache-2.0
// Token buckets of the block stage: rates in words of time.
#include <fmt/format.h>

#include "probes/xdp/block_maps.h"
#include "probes/xdp/block_plane.h"

namespace netprobe {
namespace {

using namespace block_maps;

constexpr std::uint64_t kSecond64 = 1'000'000'000;

np_limit_key key_of_limit(const PlaneLimit& limit) {
  np_limit_key key{};
  std::ranges::copy(limit.address.bytes(), key.ip);
  key.port = limit.side == LimitSide::kSyn ? limit.port : std::uint16_t{0};
  key.side = static_cast<__u16>(limit.side);
  return key;
}

/// n * 10^9 / rate without overflow, at most `most`.
std::uint64_t time_of(std::uint64_t n, std::uint64_t rate, std::uint64_t most) {
  __extension__ using Wide = unsigned __int128;
  const Wide time = static_cast<Wide>(n) * kSecond64 / std::max<std::uint64_t>(rate, 1);
  return time > most ? most : static_cast<std::uint64_t>(time);
}

np_limit value_of(const PlaneLimit& limit) {
  np_limit value{};
  value.expires_ns = boot_after(limit.remaining);
  // A year: whoever asks for a burst of more gets that.
  value.burst_ns = time_of(std::max<std::uint64_t>(limit.burst, 1), limit.rate,
                           std::uint64_t{365} * 86'400 * kSecond64);
  // One packet or byte a second costs a second: 65,536 * 10^9, and a frame of
  // 64 KiB of those stays below 2^64.
  value.unit_ns_2_16 = time_of(1U << 16, limit.rate, UINT64_MAX >> 17);
  value.mode = limit.mode == BlockMode::kEnforce ? NP_BLOCK_ENFORCE : NP_BLOCK_DRY_RUN;
  value.per_byte = limit.bytes ? 1 : 0;
  return value;
}

PlaneLimit limit_of(const np_limit_key& key, const np_limit& value) {
  PlaneLimit limit;
  limit.address = IpAddress(std::span<const std::uint8_t, 16>(key.ip));
  limit.port = key.port;
  limit.side = static_cast<LimitSide>(std::min<__u16>(key.side, NP_LIMIT_SYN));
  limit.mode = value.mode == NP_BLOCK_ENFORCE ? BlockMode::kEnforce : BlockMode::kDryRun;
  limit.bytes = value.per_byte != 0;
  limit.rate = time_of(1U << 16, std::max<std::uint64_t>(value.unit_ns_2_16, 1), UINT64_MAX);
  __extension__ using Wide = unsigned __int128;
  limit.burst =
      static_cast<std::uint64_t>(static_cast<Wide>(value.burst_ns) * limit.rate / kSecond64);
  limit.remaining = remaining_of(value.expires_ns);
  limit.over_packets = value.over_packets;
  limit.over_bytes = value.over_bytes;
  return limit;
}

}  // namespace

void XdpBlockPlane::add_limit(const PlaneLimit& limit, BlockFilter::Where where) {
  if (limit.side == LimitSide::kSource)
    filter_.add_source(IpPrefix::of(limit.address, 128), where);
  else
    filter_.add_target(limit.address,
                       limit.side == LimitSide::kSyn ? NP_TAG_SERVICE : NP_TAG_TARGET, where);
}

Status XdpBlockPlane::put(const PlaneLimit& limit) {
  if (limit.rate == 0 || limit.burst == 0)
    return fail("a limit needs a rate and a burst of at least 1", ErrorKind::kUsage);
  const np_limit_key key = key_of_limit(limit);
  np_limit value = value_of(limit);
  const MutexLock lock(mutex_);
  np_limit before{};
  if (bpf_map_lookup_elem(maps_.limits.get(), &key, &before) == 0) {
    value.full_ns = before.full_ns;
    value.over_packets = before.over_packets;
    value.over_bytes = before.over_bytes;
  }
  add_limit(limit, BlockFilter::Where::kBoth);
  if (const int error = bpf_map_update_elem(maps_.limits.get(), &key, &value, BPF_ANY);
      error != 0) {
    if (error == -E2BIG)
      return fail("no room for one more limit: all 1024 are taken; take one out", ErrorKind::kBusy);
    return fail_errno("cannot limit " + limit.address.to_string(), -error);
  }
  return {};
}

Status XdpBlockPlane::remove_limit(const PlaneLimit& limit) {
  const np_limit_key key = key_of_limit(limit);
  const MutexLock lock(mutex_);
  const int error = bpf_map_delete_elem(maps_.limits.get(), &key);
  if (error != 0 && error != -ENOENT)
    return fail_errno("cannot take the limit off " + limit.address.to_string(), -error);
  ++removed_;
  return {};
}

std::vector<PlaneLimit> XdpBlockPlane::limits() const {
  std::vector<PlaneLimit> result;
  for_each_batch<np_limit_key, np_limit>(
      maps_.limits.get(), [&](const np_limit_key* keys, const np_limit* values, __u32 count) {
        for (__u32 i = 0; i < count; ++i) result.push_back(limit_of(keys[i], values[i]));
        return true;
      });
  return result;
}

}  // namespace netprobe
