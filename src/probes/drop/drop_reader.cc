// SPDX-License-Identifier: Apache-2.0
#include "probes/drop/drop_reader.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

namespace netprobe {
namespace {

constexpr std::size_t kBatch = 1024;
constexpr std::size_t kMaxPlaces = 1024;

/// A counter that programs write to meanwhile.
std::uint64_t read_now(__u64& counter) {
  return std::atomic_ref(counter).load(std::memory_order_acquire);
}

}  // namespace

DropReader::DropReader(MappedArray<np_drop_cpu> cpus, MappedArray<np_drop_active> active,
                       const BpfObject& object, std::uint32_t table_entries)
    : cpus_(std::move(cpus)),
      active_(std::move(active)),
      tables_{object.map_fd("drop_stats_0"), object.map_fd("drop_stats_1")},
      tunnel_tables_{object.map_fd("drop_tunnels_0"), object.map_fd("drop_tunnels_1")},
      places_(object.map_fd("drop_places")),
      stacks_(object.map_fd("drop_stacks")),
      table_entries_(table_entries),
      keys_(kBatch),
      tunnel_keys_(kBatch),
      values_(kBatch) {}

Result<DropReader> DropReader::make(const BpfObject& object, std::uint32_t cpus,
                                    std::uint32_t table_entries) {
  auto lines = MappedArray<np_drop_cpu>::make(object.map_fd("drop_cpus"), cpus);
  if (!lines) return std::unexpected(lines.error());
  auto active = MappedArray<np_drop_active>::make(object.map_fd(".data.active"), 1);
  if (!active) return std::unexpected(active.error());
  return DropReader(std::move(*lines), std::move(*active), object, table_entries);
}

DropSums DropReader::sums() const {
  DropSums sums;
  for (std::size_t i = 0; i < cpus_.size(); ++i) {
    sums.drops += read_now(cpus_[i].drops);
    sums.unplaced += read_now(cpus_[i].unplaced);
    sums.local += read_now(cpus_[i].local);
    sums.stacks_lost += read_now(cpus_[i].stacks_lost);
  }
  return sums;
}

// Who left was counted as entered before. So reading the leaves first can only
// make the table look busier than it is.
bool DropReader::is_quiet(std::size_t table) const {
  std::uint64_t left = 0;
  std::uint64_t entered = 0;
  for (std::size_t i = 0; i < cpus_.size(); ++i) left += read_now(cpus_[i].leave[table]);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (std::size_t i = 0; i < cpus_.size(); ++i) entered += read_now(cpus_[i].enter[table]);
  return left == entered;
}

void DropReader::switch_tables() {
  const auto table = active_[0].table & 1;
  drops_at_switch_ = sums().drops;
  std::atomic_ref(active_[0].table).store(table ^ 1, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  waiting_ = table;
}

bool DropReader::is_urgent() const {
  return waiting_.has_value() || sums().drops - drops_at_switch_ >= table_entries_ / 2;
}

std::size_t DropReader::drain(const RecordHandler& record, const PlaceHandler& place) {
  if (!waiting_) {
    if (sums().drops == drops_at_switch_) return 0;
    switch_tables();
  }
  if (!is_quiet(*waiting_)) return 0;
  const std::size_t count = empty_table(*waiting_, record);
  read_places(place);
  return count;
}

template <typename Key, typename Handler>
bool DropReader::empty_map(int map, std::vector<Key>& keys, const Handler& record) {
  std::uint32_t position = 0;
  bool first = true;
  for (;;) {
    values_.resize(std::max(values_.size(), keys.size()));
    auto count = static_cast<__u32>(keys.size());
    const int error = bpf_map_lookup_and_delete_batch(map, first ? nullptr : &position, &position,
                                                      keys.data(), values_.data(), &count, nullptr);
    // One bucket holds more than there is room for.
    if (error == -ENOSPC && keys.size() < table_entries_) {
      keys.resize(keys.size() * 2);
      continue;
    }
    if (error != 0 && error != -ENOENT) {
      ++failures_;
      return false;
    }
    for (__u32 i = 0; i < count; ++i) record(keys[i], values_[i]);
    first = false;
    if (error == -ENOENT) return true;  // the end
  }
}

std::size_t DropReader::empty_table(std::size_t table, const RecordHandler& record) {
  std::size_t total = 0;
  const auto plain = [&](const np_drop_key& key, const np_drop_value& value) {
    np_drop_tunnel_key whole{};
    whole.outer = key;
    record(whole, value);
    ++total;
  };
  const auto tunnel = [&](const np_drop_tunnel_key& key, const np_drop_value& value) {
    record(key, value);
    ++total;
  };
  // What was read is gone from the kernel: after a failure the rest comes next time.
  if (!empty_map(tables_[table], keys_, plain) ||
      !empty_map(tunnel_tables_[table], tunnel_keys_, tunnel))
    return total;
  std::atomic_ref(active_[0].full[table]).store(0, std::memory_order_release);
  std::atomic_ref(active_[0].tunnel_full[table]).store(0, std::memory_order_release);
  waiting_.reset();
  return total;
}

void DropReader::read_places(const PlaceHandler& place) {
  np_drop_place key{};
  const np_drop_place* previous = nullptr;
  // Never deleted from, so it can be walked while programs write to it.
  for (std::size_t i = 0; i < kMaxPlaces; ++i) {
    np_drop_place next{};
    if (bpf_map_get_next_key(places_, previous, &next) != 0) return;
    key = next;
    previous = &key;
    np_drop_sum sum{};
    if (bpf_map_lookup_elem(places_, &key, &sum) != 0) continue;
    auto known = std::ranges::find_if(last_places_, [&](const auto& entry) {
      return std::memcmp(&entry.first, &key, sizeof(key)) == 0;
    });
    if (known == last_places_.end()) known = last_places_.insert(known, {key, np_drop_sum{}});
    const np_drop_sum more{sum.packets - known->second.packets, sum.bytes - known->second.bytes};
    if (more.packets == 0) continue;
    known->second = sum;
    place(key, more);
  }
}

std::vector<std::uint64_t> DropReader::stack(std::int32_t id) const {
  std::vector<std::uint64_t> frames(NP_DROP_FRAMES);
  if (bpf_map_lookup_elem(stacks_, &id, frames.data()) != 0) return {};
  frames.erase(std::ranges::find(frames, 0U), frames.end());
  return frames;
}

}  // namespace netprobe
