// SPDX-License-Identifier: Apache-2.0
#include "probes/xdp/block_plane.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "probes/xdp/block_maps.h"

namespace netprobe {
namespace {

using namespace block_maps;

/// Of an error of a map: what found no room says so.
std::unexpected<Error> refusal(const std::string& what, int error, std::string_view map,
                               std::size_t room) {
  if (error == E2BIG || error == ENOSPC) {
    return fail(fmt::format("no room to block {}: {} of {} is full; take something out, or ask "
                            "for more room",
                            what, map, room),
                ErrorKind::kBusy);
  }
  return fail_errno("cannot block " + what, error);
}

np_block_entry entry_of(const IpPrefix& what, BlockMode mode, Nanos remaining) {
  np_block_entry entry{};
  entry.expires_ns = boot_after(remaining);
  entry.mode = mode == BlockMode::kEnforce ? NP_BLOCK_ENFORCE : NP_BLOCK_DRY_RUN;
  entry.length = static_cast<__u8>(what.bits());
  return entry;
}

PlaneBlock block_of(const IpPrefix& what, const np_block_entry& entry) {
  return {.what = what,
          .mode = entry.mode == NP_BLOCK_ENFORCE ? BlockMode::kEnforce : BlockMode::kDryRun,
          .remaining = remaining_of(entry.expires_ns),
          .packets = entry.packets,
          .bytes = entry.bytes};
}

UniqueFd copy_of(const BpfObject& object, std::string_view map) {
  return UniqueFd(::fcntl(object.map_fd(map), F_DUPFD_CLOEXEC, 0));
}

}  // namespace

Result<std::shared_ptr<XdpBlockPlane>> XdpBlockPlane::make(const XdpPrograms& programs,
                                                           const PlaneRoom& room) {
  const BpfObject& object = programs.object;
  auto filter = BlockFilter::make(object, programs.filter_words, programs.filter_seed);
  auto stats = MappedArray<np_block_stats>::make(object.map_fd("xdp_block_stats"), programs.cpus);
  if (!filter) return std::unexpected(filter.error());
  if (!stats) return std::unexpected(stats.error());
  Maps maps{copy_of(object, "xdp_allow"),     copy_of(object, "xdp_blocklist"),
            copy_of(object, "xdp_blocknets"), copy_of(object, "xdp_feed"),
            copy_of(object, "xdp_feednets"),  copy_of(object, "xdp_limits")};
  for (const UniqueFd* fd :
       {&maps.allow, &maps.blocklist, &maps.blocknets, &maps.feed, &maps.feednets, &maps.limits})
    if (!*fd) return fail_errno("cannot keep a map of the XDP program");
  return std::shared_ptr<XdpBlockPlane>(new XdpBlockPlane(std::move(maps), std::move(*filter),
                                                          std::move(*stats), room, programs.cpus));
}

Status XdpBlockPlane::put(const PlaneBlock& block) {
  np_block_entry entry = entry_of(block.what, block.mode, block.remaining);
  AddressKey address = block.what.network().bytes();
  np_block_prefix prefix = prefix_key(block.what);
  const bool one = is_address(block.what);
  const int fd = one ? maps_.blocklist.get() : maps_.blocknets.get();
  const void* key = one ? static_cast<const void*>(&address) : &prefix;
  const MutexLock lock(mutex_);
  // Counts of the same prefix go on; a trie answers with the longest, which
  // may be another.
  np_block_entry before{};
  if (bpf_map_lookup_elem(fd, key, &before) == 0 && before.length == entry.length) {
    entry.packets = before.packets;
    entry.bytes = before.bytes;
  }
  filter_.add_source(block.what, BlockFilter::Where::kBoth);
  if (const int error = bpf_map_update_elem(fd, key, &entry, BPF_ANY); error != 0)
    return refusal(block.what.to_string(), -error,
                   one ? "the list of addresses" : "that of networks",
                   one ? room_.addresses : room_.networks);
  return {};
}

Status XdpBlockPlane::remove(const IpPrefix& what) {
  AddressKey address = what.network().bytes();
  np_block_prefix prefix = prefix_key(what);
  const MutexLock lock(mutex_);
  const int error = is_address(what) ? bpf_map_delete_elem(maps_.blocklist.get(), &address)
                                     : bpf_map_delete_elem(maps_.blocknets.get(), &prefix);
  if (error != 0 && error != -ENOENT)
    return fail_errno("cannot unblock " + what.to_string(), -error);
  ++removed_;
  return {};
}

std::vector<PlaneBlock> XdpBlockPlane::blocks() const {
  std::vector<PlaneBlock> result;
  for_each_batch<AddressKey, np_block_entry>(
      maps_.blocklist.get(),
      [&](const AddressKey* keys, const np_block_entry* values, __u32 count) {
        for (__u32 i = 0; i < count; ++i) result.push_back(block_of(what_of(keys[i]), values[i]));
        return true;
      });
  for_each_prefix(maps_.blocknets.get(),
                  [&](const np_block_prefix& key, const np_block_entry& value) {
                    result.push_back(block_of(what_of(key), value));
                    return true;
                  });
  return result;
}

Status XdpBlockPlane::allow(std::span<const IpPrefix> networks) {
  const MutexLock lock(mutex_);
  // What is new comes in before what is old goes out.
  const __u32 yes = 1;
  const std::set<IpPrefix> wanted(networks.begin(), networks.end());
  const auto remove = [&](const IpPrefix& network) {
    const np_block_prefix key = prefix_key(network);
    (void)bpf_map_delete_elem(maps_.allow.get(), &key);
  };
  std::vector<IpPrefix> added;
  for (const IpPrefix& network : wanted) {
    if (allowed_.contains(network)) continue;
    const np_block_prefix key = prefix_key(network);
    if (const int error = bpf_map_update_elem(maps_.allow.get(), &key, &yes, BPF_ANY); error != 0) {
      // As it was, so that what is said of it is true.
      for (const IpPrefix& each : added) remove(each);
      return fail_errno(fmt::format("cannot put {} on the allow list, which has {} networks and "
                                    "room for {}",
                                    network.to_string(), allowed_.size(), NP_BLOCK_ALLOWED),
                        -error);
    }
    added.push_back(network);
  }
  for (const IpPrefix& old : allowed_)
    if (!wanted.contains(old)) remove(old);
  allowed_ = wanted;
  return {};
}

bool XdpBlockPlane::in_feed(const IpPrefix& what) const {
  np_block_entry entry{};
  AddressKey address = what.network().bytes();
  np_block_prefix prefix = prefix_key(what);
  const int error = is_address(what) ? bpf_map_lookup_elem(maps_.feed.get(), &address, &entry)
                                     : bpf_map_lookup_elem(maps_.feednets.get(), &prefix, &entry);
  if (error != 0 || entry.length != what.bits() || remaining_of(entry.expires_ns) == 0)
    return false;
  const MutexLock lock(mutex_);
  const np_block_control& control = filter_.control();
  return entry.generation >= control.feed_first && entry.generation <= control.feed_last;
}

PlaneCounters XdpBlockPlane::counters() const {
  const auto read = [](const __u64& n) { return __atomic_load_n(&n, __ATOMIC_RELAXED); };
  static_assert(kBlockCauses.size() == NP_CAUSES);
  PlaneCounters sum;
  for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
    const np_block_stats& stats = stats_[cpu];
    for (std::size_t i = 0; i < NP_CAUSES; ++i) {
      sum.dropped[i].packets += read(stats.dropped[i].packets);
      sum.dropped[i].bytes += read(stats.dropped[i].bytes);
      sum.would_drop[i].packets += read(stats.would[i].packets);
      sum.would_drop[i].bytes += read(stats.would[i].bytes);
    }
    sum.looked += read(stats.looked);
    sum.allowed += read(stats.allowed);
    sum.clean += read(stats.clean);
    sum.too_deep += read(stats.too_deep);
    sum.contended += read(stats.contended);
    sum.challenged += read(stats.challenged);
    sum.proven += read(stats.proven);
  }
  return sum;
}

Status XdpBlockPlane::clear() {
  const MutexLock feed_lock(feed_mutex_);
  {
    const MutexLock lock(mutex_);
    filter_.pass_everything();
    filter_.control().feed_first = generation_ + 1;
    filter_.control().feed_last = generation_;
    feed_to_sweep_ = true;
  }
  Status status;
  for (const PlaneBlock& block : blocks())
    if (auto s = remove(block.what); !s && status) status = s;
  for (const PlaneLimit& limit : limits())
    if (auto s = remove_limit(limit); !s && status) status = s;
  make_anew_locked();
  return status;
}

}  // namespace netprobe
