// SPDX-License-Identifier: Apache-2.0
// Lists of a million entries, which come and go in batches: nobody waits for
// more than one, and no call frees more than one.
#include <fmt/format.h>

#include "probes/xdp/block_maps.h"
#include "probes/xdp/block_plane.h"

namespace netprobe {
namespace {

using namespace block_maps;

/// Removed entries that are still in the filter before it is made anew.
constexpr std::size_t kStaleEnough = 4'096;
/// Batches of one tidy().
constexpr std::size_t kTidyBatches = 16;
/// ENOTSUPP, which the kernel says of a map without batches and has no header for.
constexpr int kNotSupported = 524;

/// 0, or the error; -E2BIG: full.
template <typename Key>
int update_batch(int fd, std::span<const IpPrefix> part, const np_block_entry& entry) {
  std::vector<Key> keys(part.size());
  std::vector<np_block_entry> values(part.size(), entry);
  for (std::size_t i = 0; i < part.size(); ++i) {
    key_of(part[i], keys[i]);
    values[i].length = static_cast<__u8>(part[i].bits());
  }
  auto count = static_cast<__u32>(part.size());
  const int error = bpf_map_update_batch(fd, keys.data(), values.data(), &count, nullptr);
  if (error != -kNotSupported && error != -EINVAL && error != -EOPNOTSUPP) return error;
  // Tries before 5.13 and the like: one by one.
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (const int one = bpf_map_update_elem(fd, &keys[i], &values[i], BPF_ANY); one != 0)
      return one;
  return 0;
}

}  // namespace

Status XdpBlockPlane::load_batches(std::span<const IpPrefix> networks, bool addresses,
                                   const np_block_entry& entry) {
  std::vector<IpPrefix> part;
  part.reserve(kBatch);
  const auto flush = [&]() NETPROBE_REQUIRES(feed_mutex_) -> Status {
    if (part.empty()) return {};
    {
      const MutexLock lock(mutex_);
      for (const IpPrefix& each : part) filter_.add_source(each, BlockFilter::Where::kBoth);
    }
    const auto update = [&] {
      return addresses ? update_batch<AddressKey>(maps_.feed.get(), part, entry)
                       : update_batch<np_block_prefix>(maps_.feednets.get(), part, entry);
    };
    int error = update();
    if (error == -E2BIG || error == -ENOSPC) {
      // The list before takes the room: it ends now rather than at the end.
      {
        const MutexLock lock(mutex_);
        filter_.control().feed_first = entry.generation;
      }
      sweep_feed(SIZE_MAX);
      error = update();
    }
    const std::size_t size = part.size();
    const std::string first = part.front().to_string();
    part.clear();
    if (error != 0)
      return fail_errno(fmt::format("cannot block {} of a list from {} on", size, first), -error);
    return {};
  };
  for (const IpPrefix& each : networks) {
    if (is_address(each) != addresses) continue;
    part.push_back(each);
    if (part.size() == kBatch)
      if (auto s = flush(); !s) return s;
  }
  return flush();
}

Status XdpBlockPlane::load_feed(std::span<const IpPrefix> networks, BlockMode mode, Nanos lasting) {
  const auto addresses = static_cast<std::size_t>(std::ranges::count_if(networks, is_address));
  if (addresses > room_.feed_addresses || networks.size() - addresses > room_.feed_networks) {
    return fail(fmt::format("a list of {} addresses and {} networks has no room here, which is "
                            "for {} and {}; the one before stays",
                            addresses, networks.size() - addresses, room_.feed_addresses,
                            room_.feed_networks),
                ErrorKind::kBusy);
  }
  const MutexLock feed_lock(feed_mutex_);
  np_block_entry entry{};
  entry.expires_ns = boot_after(lasting);
  entry.mode = mode == BlockMode::kEnforce ? NP_BLOCK_ENFORCE : NP_BLOCK_DRY_RUN;
  entry.generation = ++generation_;
  {
    const MutexLock lock(mutex_);
    if (filter_.control().feed_first > entry.generation || entry.generation == 1)
      filter_.control().feed_first = entry.generation;
    filter_.control().feed_last = entry.generation;
  }
  Status status = load_batches(networks, true, entry);
  if (status) status = load_batches(networks, false, entry);
  // Half a list is better said than kept in secret: the new one counts as far
  // as it came, beside the old one.
  if (!status) return status;
  {
    const MutexLock lock(mutex_);
    filter_.control().feed_first = entry.generation;
  }
  feed_to_sweep_ = true;
  return {};
}

void XdpBlockPlane::drop_feed() {
  const MutexLock feed_lock(feed_mutex_);
  const MutexLock lock(mutex_);
  filter_.control().feed_first = generation_ + 1;
  filter_.control().feed_last = generation_;
  feed_to_sweep_ = true;
}

bool XdpBlockPlane::sweep_feed(std::size_t most) {
  std::uint32_t first = 0;
  {
    const MutexLock lock(mutex_);
    first = filter_.control().feed_first;
  }
  const auto now = static_cast<__u64>(boot_now());
  const auto is_over = [&](const np_block_entry& entry) {
    return entry.generation < first || entry.expires_ns <= now;
  };
  std::size_t removed = 0;
  std::size_t batches = 0;
  std::vector<AddressKey> over;
  for_each_batch<AddressKey, np_block_entry>(
      maps_.feed.get(), [&](const AddressKey* keys, const np_block_entry* values, __u32 count) {
        over.clear();
        for (__u32 i = 0; i < count; ++i)
          if (is_over(values[i])) over.push_back(keys[i]);
        if (over.empty()) return true;
        auto size = static_cast<__u32>(over.size());
        (void)bpf_map_delete_batch(maps_.feed.get(), over.data(), &size, nullptr);
        removed += size;
        return ++batches < most;
      });
  std::vector<np_block_prefix> nets;
  for_each_prefix(maps_.feednets.get(),
                  [&](const np_block_prefix& key, const np_block_entry& value) {
                    if (is_over(value)) nets.push_back(key);
                    return nets.size() < kBatch || most == SIZE_MAX;
                  });
  for (const np_block_prefix& key : nets) (void)bpf_map_delete_elem(maps_.feednets.get(), &key);
  removed += nets.size();
  const MutexLock lock(mutex_);
  removed_ += removed;
  return batches < most && (nets.size() < kBatch || most == SIZE_MAX);
}

void XdpBlockPlane::make_anew_locked() {
  std::uint32_t first = 0;
  {
    const MutexLock lock(mutex_);
    filter_.begin_anew();
    removed_ = 0;
    first = filter_.control().feed_first;
  }
  // Of a feed, what counts no more is left out; the others have generation 0.
  const auto counts = [&](const np_block_entry& entry) {
    return entry.generation == 0 || entry.generation >= first;
  };
  for (const int fd : {maps_.blocklist.get(), maps_.feed.get()}) {
    for_each_batch<AddressKey, np_block_entry>(
        fd, [&](const AddressKey* keys, const np_block_entry* values, __u32 count) {
          const MutexLock lock(mutex_);
          for (__u32 i = 0; i < count; ++i)
            if (counts(values[i])) filter_.add_source(what_of(keys[i]), BlockFilter::Where::kSpare);
          return true;
        });
  }
  for (const int fd : {maps_.blocknets.get(), maps_.feednets.get()}) {
    for_each_prefix(fd, [&](const np_block_prefix& key, const np_block_entry& value) {
      const MutexLock lock(mutex_);
      if (counts(value)) filter_.add_source(what_of(key), BlockFilter::Where::kSpare);
      return true;
    });
  }
  const auto all = limits();
  const MutexLock lock(mutex_);
  for (const PlaneLimit& limit : all) add_limit(limit, BlockFilter::Where::kSpare);
  filter_.end_anew();
}

void XdpBlockPlane::make_filter_anew() {
  const MutexLock feed_lock(feed_mutex_);
  make_anew_locked();
}

void XdpBlockPlane::tidy() {
  const MutexLock feed_lock(feed_mutex_);
  if (feed_to_sweep_) {
    feed_to_sweep_ = !sweep_feed(kTidyBatches);
    if (feed_to_sweep_) return;
  }
  bool stale = false;
  {
    const MutexLock lock(mutex_);
    stale = removed_ >= kStaleEnough;
  }
  if (stale) make_anew_locked();
}

}  // namespace netprobe
