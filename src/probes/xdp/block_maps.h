// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bpf/bpf.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <vector>

#include "abi/block_abi.h"
#include "base/clock.h"
#include "base/ip_address.h"
#include "model/block.h"

/// Keys and values of the block stage's maps, and walks over them in batches.
namespace netprobe::block_maps {

/// So many entries go to or from the kernel at once: a batch takes about a
/// millisecond, and nobody waits for more than one.
inline constexpr std::size_t kBatch = 4'096;

using AddressKey = std::array<std::uint8_t, 16>;

inline Nanos boot_now() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}
inline std::uint64_t boot_after(Nanos remaining) {
  return static_cast<std::uint64_t>(boot_now() + std::max<Nanos>(remaining, 0));
}
inline Nanos remaining_of(std::uint64_t expires_ns) {
  return std::max<Nanos>(static_cast<Nanos>(expires_ns) - boot_now(), 0);
}

inline np_block_prefix prefix_key(const IpPrefix& what) {
  np_block_prefix key{};
  key.length = static_cast<__u32>(what.bits());
  std::ranges::copy(what.network().bytes(), key.ip);
  return key;
}
inline void key_of(const IpPrefix& what, AddressKey& key) { key = what.network().bytes(); }
inline void key_of(const IpPrefix& what, np_block_prefix& key) { key = prefix_key(what); }
inline IpPrefix what_of(const AddressKey& key) { return IpPrefix::of(IpAddress(key), 128); }
inline IpPrefix what_of(const np_block_prefix& key) {
  const IpAddress address{std::span<const std::uint8_t, 16>(key.ip)};
  return IpPrefix::of(address, static_cast<int>(key.length) - (address.is_v4() ? 96 : 0));
}
inline bool is_address(const IpPrefix& what) { return what.bits() == 128; }

/// Calls `each(keys, values, count)` for a hash map's entries, a batch at a
/// time, until it returns false. Entries that come or go meanwhile may be seen
/// or not, all others are.
template <typename Key, typename Value, typename Each>
void for_each_batch(int fd, Each&& each) {
  std::vector<Key> keys(kBatch);
  std::vector<Value> values(kBatch);
  std::array<std::uint8_t, sizeof(Key) + 8> in{};
  std::array<std::uint8_t, sizeof(Key) + 8> out{};
  bool first = true;
  for (;;) {
    auto count = static_cast<__u32>(keys.size());
    const int result = bpf_map_lookup_batch(fd, first ? nullptr : in.data(), out.data(),
                                            keys.data(), values.data(), &count, nullptr);
    if (result == -ENOSPC) {  // a bucket that is longer than a batch
      keys.resize(keys.size() * 2);
      values.resize(keys.size());
      continue;
    }
    if (result != 0 && result != -ENOENT) return;
    if (count > 0 && !each(keys.data(), values.data(), count)) return;
    if (result == -ENOENT) return;
    in = out;
    first = false;
  }
}

/// The same for a trie, which has no batches of this kind everywhere.
template <typename Each>
void for_each_prefix(int fd, Each&& each) {
  np_block_prefix key{};
  np_block_prefix next{};
  bool first = true;
  while (bpf_map_get_next_key(fd, first ? nullptr : &key, &next) == 0) {
    np_block_entry value{};
    if (bpf_map_lookup_elem(fd, &next, &value) == 0 && !each(next, value)) return;
    key = next;
    first = false;
  }
}

}  // namespace netprobe::block_maps
