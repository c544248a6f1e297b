// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "flow/flow_entry.h"
#include "flow/flow_table.h"
#include "flow/flow_view.h"
#include "flow/nat_table.h"
#include "flow/path_mtu.h"
#include "model/tuple_key.h"

namespace netprobe {

/// The table itself. flow_table.cc has flows from their first record to their end,
/// flow_table_nat.cc joins translated ones, flow_table_news.cc tells others,
/// flow_table_growth.cc what flows gained.
class FlowTable::Impl {
 public:
  Impl(FlowTableOptions options, const PointNames& names)
      : options_(options), names_(names), nat_(options.max_flows) {}

  void on_flow(const FlowDelta& delta, FlowHandle& handle);
  void on_icmp_error(const IcmpErrorEvent& event);
  void on_nat(const NatMapping& mapping);
  void tick(Nanos now);
  void observe(FlowObserver& observer) { observer_ = &observer; }
  [[nodiscard]] std::vector<Flow> flows() const;
  void track_changes(bool on);
  std::vector<Flow> take_changes();
  void watch_points(FlowPointsSink* sink) { sink_ = sink; }
  void take_points();
  bool find_points(const FlowTuple& tuple);
  void watch_growth(FlowGrowthSink* sink, GrowthListener listener);
  bool take_growth(GrowthListener listener, std::size_t most);
  bool touch(const FlowTuple& tuple, std::uint64_t id);
  [[nodiscard]] FlowTableStats stats() const;
  [[nodiscard]] std::uint64_t attributed(std::uint32_t ifindex, Direction direction,
                                         bool inner) const;
  void forget_interface(std::uint32_t ifindex);
  [[nodiscard]] std::uint64_t unmatched_icmp_errors() const { return unmatched_icmp_errors_; }
  void set_wall_offset(Nanos offset) { options_.wall_offset = offset; }
  [[nodiscard]] std::uint64_t refused_nat_mappings() const { return nat_.refused(); }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  // A flow passes a handful of points; more than this are folded into the last.
  static constexpr std::size_t kMaxPoints = 60;

  // A handle: index of the entry, its generation, the point, the direction.
  struct Handle {
    std::uint32_t index;
    std::uint32_t generation;  // 22 bits
    std::uint8_t point;
    bool flipped;
  };
  static constexpr std::uint32_t kGenerationMask = (1U << 22) - 1;
  [[nodiscard]] static FlowHandle pack(const Handle& h);
  [[nodiscard]] static Handle unpack(FlowHandle handle);

  /// Where a canonical tuple leads: an entry, and whether the tuple's
  /// direction is the other way round there.
  class Place {
   public:
    Place() = default;
    Place(std::uint32_t index, bool turned) : value_(index << 1 | (turned ? 1U : 0U)) {}
    [[nodiscard]] std::uint32_t index() const { return value_ >> 1; }
    [[nodiscard]] bool turned() const { return (value_ & 1) != 0; }

   private:
    std::uint32_t value_ = 0;
  };

  /// Per interface: ingress outer, ingress inner, egress outer, egress inner.
  using Attributed = std::array<std::uint64_t, 4>;
  void attribute(const FlowDelta& delta);
  FlowEntry* entry_of(const Handle& at, bool known);
  FlowEntry* find_or_begin(const FlowDelta& delta, Handle& at);

  /// A SYN after the end, or anything that began after the connection tracker
  /// forgot a translated one: another connection on the same ports. `side`: of
  /// the entry that the delta is of.
  static bool begins_anew(const FlowEntry& entry, const FlowDelta& delta, std::size_t side);
  void begin(const FlowTuple& tuple, const FlowDelta& delta);

  [[nodiscard]] std::uint32_t entry_at(const FlowTuple& canonical_tuple) const {
    const auto found = index_.find(canonical_tuple);
    return found == index_.end() ? kNone : found->second.index();
  }

  /// The entry of one tuple of a new pair, if it may become the pair's. One
  /// that belongs to another pair was another connection's, and goes on
  /// without the tuple.
  std::uint32_t unbound(const FlowTuple& canonical_tuple, const NatPair& pair);

  /// From now on both tuples of the pair lead to this entry, which was known
  /// by one of them. `seen_translated`: its points saw the translated one.
  void bind(std::uint32_t i, const NatPair& pair, bool seen_translated);
  static bool is_translated(const FlowEntry& entry, const FlowTuple& canonical_tuple);

  /// Two entries turned out to be one flow: all of `from` goes to `to`, which
  /// has the pair already.
  void join(std::uint32_t to, std::uint32_t from);

  /// New packets with its tuples are another flow's from now on; what the
  /// probe's handles lead to is looked up anew.
  void leave_index(std::uint32_t i);
  void erase_keys(const FlowEntry& entry, std::uint32_t i);
  std::uint8_t point_of(FlowEntry& entry, const FlowDelta& delta, bool translated);
  void merge(FlowEntry& entry, const Handle& at, const FlowDelta& delta);
  void hand_on_points(FlowEntry& entry);
  static TcpTrouble trouble_of(const FlowEntry& entry, std::size_t s);

  /// What the nearest point has more than before; a nearer one that has just
  /// appeared may have less, which takes nothing back.
  void tell_trouble(const FlowEntry& entry, std::size_t s, const TcpTrouble& before);
  void tell_later(std::uint32_t i);

  /// What a listener was told of a flow: sums, by side of the entry's canonical
  /// tuple. Beside the entries, so that it costs nothing unwatched.
  struct Told {
    std::array<Counters, 2> counters;
    struct Trouble {
      std::uint32_t retransmits = 0;
      std::uint32_t out_of_order = 0;
      std::uint32_t zero_windows = 0;
      std::uint32_t resets = 0;
    };
    std::array<Trouble, 2> trouble;
    bool flow = false;  ///< that there is one
    bool handshake = false;
  };
  /// One who is told what flows gain.
  struct Listener {
    FlowGrowthSink* sink = nullptr;
    std::uint8_t bit = 0;              ///< in FlowEntry::grown
    std::vector<std::uint32_t> grown;  ///< to be told in the next round
    std::vector<std::uint32_t> round;  ///< that is being told, from `next` on
    std::size_t next = 0;
    std::vector<std::uint32_t> refused;  ///< in this round
    std::deque<Told> told;               ///< by index of the entry
    std::uint64_t twice = 0;
    Counters over;
  };
  void mark_grown(std::uint32_t i) {
    if ((watching_ & ~entries_[i].grown) != 0) mark_grown_anew(i);
  }
  void mark_grown_anew(std::uint32_t i);
  void end_round(Listener& listener);
  [[nodiscard]] Told& told(Listener& listener, std::uint32_t i);
  /// False: the sink wants to hear of it later.
  bool tell_growth(Listener& listener, std::uint32_t i, FlowEnding ending);
  void end_growth(std::uint32_t i, FlowEnding why);
  void join_growth(std::uint32_t to, std::uint32_t from, bool turned);
  void join_growth(Listener& listener, std::uint32_t to, std::uint32_t from, bool turned);

  /// Where translations are heard of late, two flows may yet turn out to be
  /// one, with one handshake: it waits as long.
  void tell_handshakes(Nanos now);
  void tell_handshake(FlowEntry& entry);

  /// Two flows turned out to be one: so did their handshakes.
  void join_handshakes(std::uint32_t to, const FlowEntry& other);
  void mark_changed(FlowEntry& entry, std::uint32_t i) {
    if (!tracking_ || entry.changed) return;
    entry.changed = true;
    changed_.push_back(i);
  }

  static void update_rates(FlowEntry& entry, double seconds);

  [[nodiscard]] Nanos timeout_of(const FlowEntry& entry) const;

  /// The table is full: the flow that was quiet longest among a few ends. A
  /// sample keeps this constant in time; the clock hand makes it fair.
  void evict_one();
  void end(std::uint32_t i, FlowEnding why);
  void release(std::uint32_t i);

  [[nodiscard]] Flow outline(std::uint32_t i) const;
  [[nodiscard]] Flow view(std::uint32_t i) const;

  FlowTableOptions options_;
  const PointNames& names_;
  std::deque<FlowEntry> entries_;
  std::vector<std::uint32_t> free_;
  boost::unordered_flat_map<FlowTuple, Place, TupleHash> index_;
  NatTable nat_;
  std::unordered_map<std::uint32_t, Attributed> attributed_;
  Attributed* last_attributed_ = nullptr;
  std::uint32_t last_ifindex_ = 0;
  std::vector<std::uint32_t> changed_;
  std::vector<Flow> ended_flows_;
  bool tracking_ = false;
  FlowObserver* observer_ = nullptr;
  struct Pending {
    std::uint32_t index;
    std::uint64_t id;
    Nanos since;
  };
  std::vector<Pending> handshakes_;  ///< to be told; at most one a flow
  Nanos nat_wait_ = 0;
  std::uint64_t handshakes_twice_ = 0;
  FlowPointsSink* sink_ = nullptr;
  std::vector<std::uint32_t> moved_;
  std::vector<PointCount> point_counts_;
  std::array<Listener, kGrowthListeners> listeners_;
  std::uint8_t watching_ = 0;  ///< bits of those who listen
  Nanos last_eviction_ = 0;    ///< on the clock of packets
  std::uint32_t hand_ = 0;
  std::uint64_t live_ = 0;
  std::uint64_t begun_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t evicted_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t unmatched_icmp_errors_ = 0;
  PathMtus path_mtus_;
  std::uint64_t path_mtu_errors_ = 0;
  Nanos last_tick_ = 0;
};

}  // namespace netprobe
