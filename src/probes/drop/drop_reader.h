// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "abi/drop_abi.h"
#include "base/clock.h"
#include "base/result.h"
#include "bpf/mapped_array.h"
#include "bpf/object.h"

namespace netprobe {

/// Sums over all CPUs.
struct DropSums {
  std::uint64_t drops = 0;
  std::uint64_t unplaced = 0;
  std::uint64_t local = 0;
  std::uint64_t stacks_lost = 0;
};

/// Takes records out of the kernel's tables: see bpf/lib/drop_table.h. One
/// thread; the object must outlive it.
class DropReader {
 public:
  /// `tunnel` of the key is NP_TUNNEL_NONE, and all behind it 0, where nothing
  /// is known of the inside of a packet.
  using RecordHandler = std::function<void(const np_drop_tunnel_key&, const np_drop_value&)>;
  /// What a place has more of than at the last reading.
  using PlaceHandler = std::function<void(const np_drop_place&, const np_drop_sum&)>;

  [[nodiscard]] static Result<DropReader> make(const BpfObject& object, std::uint32_t cpus,
                                               std::uint32_t table_entries);

  /// Hands over all records and empties the tables, where anything was dropped
  /// since; does not wait: what a program still writes to comes next time.
  /// Returns how many records there were.
  std::size_t drain(const RecordHandler& record, const PlaceHandler& place);
  /// Is the table in use filling up, or another one waiting to be read?
  [[nodiscard]] bool is_urgent() const;
  [[nodiscard]] DropSums sums() const;
  /// Readings of a table that failed; its records come next time.
  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  /// The addresses of a stack, newest first; empty where it is not there.
  [[nodiscard]] std::vector<std::uint64_t> stack(std::int32_t id) const;

 private:
  DropReader(MappedArray<np_drop_cpu> cpus, MappedArray<np_drop_active> active,
             const BpfObject& object, std::uint32_t table_entries);
  [[nodiscard]] bool is_quiet(std::size_t table) const;
  /// False where reading failed.
  template <typename Key, typename Handler>
  bool empty_map(int map, std::vector<Key>& keys, const Handler& record);
  std::size_t empty_table(std::size_t table, const RecordHandler& record);
  void read_places(const PlaceHandler& place);
  void switch_tables();

  MappedArray<np_drop_cpu> cpus_;
  MappedArray<np_drop_active> active_;
  std::array<int, 2> tables_{};
  std::array<int, 2> tunnel_tables_{};
  int places_ = -1;
  int stacks_ = -1;
  std::uint32_t table_entries_;
  std::optional<std::size_t> waiting_;  ///< a table that is out of use and not read yet
  std::uint64_t drops_at_switch_ = 0;
  std::uint64_t failures_ = 0;
  std::vector<std::pair<np_drop_place, np_drop_sum>> last_places_;
  std::vector<np_drop_key> keys_;
  std::vector<np_drop_tunnel_key> tunnel_keys_;
  std::vector<np_drop_value> values_;
};

}  // namespace netprobe
