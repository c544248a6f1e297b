// SPDX-License-Identifier: Apache-2.0
#include "flow/flow_table.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <unordered_map>
#include <utility>

#include "flow/flow_entry.h"
#include "flow/flow_view.h"
#include "flow/nat_table.h"
#include "flow/path_mtu.h"
#include "model/tuple_key.h"

namespace netprobe {
namespace {

// A handle: index of the entry, its generation, the point, the direction.
struct Handle {
  std::uint32_t index;
  std::uint32_t generation;  // 22 bits
  std::uint8_t point;
  bool flipped;
};
constexpr std::uint32_t kGenerationMask = (1U << 22) - 1;

FlowHandle pack(const Handle& h) {
  return static_cast<std::uint64_t>(h.index) << 32 |
         static_cast<std::uint64_t>(h.generation & kGenerationMask) << 10 |
         static_cast<std::uint64_t>(h.point) << 2 | (h.flipped ? 2U : 0U) | 1U;
}

Handle unpack(FlowHandle handle) {
  return {static_cast<std::uint32_t>(handle >> 32),
          static_cast<std::uint32_t>(handle >> 10) & kGenerationMask,
          static_cast<std::uint8_t>(handle >> 2), (handle & 2) != 0};
}

// A flow passes a handful of points; more than this are folded into the last.
constexpr std::size_t kMaxPoints = 60;

// Records of a flow reach the table within two sweeps: what begins sooner after
// the table threw a flow out may be the rest of that one.
constexpr Nanos kEvictionShadow = 5 * kSecond;

}  // namespace

class FlowTable::Impl {
 public:
  Impl(FlowTableOptions options, const PointNames& names)
      : options_(options), names_(names), nat_(options.max_flows) {}

  void on_flow(const FlowDelta& delta, FlowHandle& handle) {
    ++records_;
    attribute(delta);
    Handle at = unpack(handle);
    FlowEntry* entry = entry_of(at, handle != 0);
    if (entry == nullptr) {
      entry = find_or_begin(delta, at);
      handle = pack(at);
    }
    merge(*entry, at, delta);
  }

  void on_icmp_error(const IcmpErrorEvent& event) {
    bool flipped = false;
    const auto found = index_.find(canonical(event.quoted, flipped));
    if (found == index_.end() || event.no_ports) {
      ++unmatched_icmp_errors_;
      return;
    }
    const std::uint32_t i = found->second.index();
    FlowEntry& entry = entries_[i];
    ++entry.icmp_errors;
    entry.last_icmp_error = static_cast<std::uint16_t>(event.icmp_type << 8 | event.icmp_code);
    if (path_mtus_.on_error(i, event)) ++path_mtu_errors_;
    mark_changed(entry, i);
  }

  void on_nat(const NatMapping& mapping) {
    const NatPair pair{mapping.original, mapping.translated};
    bool flipped = false;
    const FlowTuple original = canonical(pair.original, flipped);
    const FlowTuple translated = canonical(pair.translated, flipped);
    if (original == translated) return;  // nothing is another
    if (mapping.ended) {
      nat_.remove(pair);
      if (const std::uint32_t i = entry_at(original);
          i != kNone && entries_[i].nat && *entries_[i].nat == pair)
        entries_[i].nat_ended = true;
      return;
    }
    nat_wait_ = mapping.wait;
    if (!nat_.add(pair)) return;  // counted there
    const std::uint32_t before = unbound(original, pair);
    const std::uint32_t after = unbound(translated, pair);
    if (before != kNone && before == after) return;  // they are one already
    if (before == kNone && after == kNone) return;   // the first packet will tell
    const std::uint32_t i = before != kNone ? before : after;
    // Its points so far saw the one tuple that it was known by.
    if (!entries_[i].nat) bind(i, pair, i == after);
    if (before != kNone && after != kNone) join(before, after);
    mark_changed(entries_[i], i);
  }

  void tick(Nanos now) {
    const double seconds =
        last_tick_ == 0 ? 0 : static_cast<double>(now - last_tick_) / static_cast<double>(kSecond);
    last_tick_ = now;
    tell_handshakes(now);
    for (std::uint32_t i = 0; i < entries_.size(); ++i) {
      FlowEntry& entry = entries_[i];
      if (!entry.live) continue;
      update_rates(entry, seconds);
      if (!options_.keep_forever && now - entry.last > timeout_of(entry)) {
        ++ended_;
        end(i, FlowEnding::kSilent);
      }
    }
  }

  void observe(FlowObserver& observer) { observer_ = &observer; }

  [[nodiscard]] std::vector<Flow> flows() const {
    std::vector<Flow> result;
    result.reserve(live_);
    for (std::uint32_t i = 0; i < entries_.size(); ++i)
      if (entries_[i].live) result.push_back(view(i));
    std::ranges::sort(result, {}, &Flow::id);
    return result;
  }

  void track_changes(bool on) {
    if (on == tracking_) return;  // asked in every cycle: only a change walks the table
    tracking_ = on;
    if (on) return;
    changed_.clear();
    ended_flows_.clear();
    for (FlowEntry& entry : entries_) entry.changed = false;
  }

  std::vector<Flow> take_changes() {
    std::vector<Flow> result = std::exchange(ended_flows_, {});
    for (const auto i : changed_) {
      FlowEntry& entry = entries_[i];
      if (!entry.live || !entry.changed) continue;
      entry.changed = false;
      result.push_back(view(i));
    }
    changed_.clear();
    return result;
  }

  void watch_points(FlowPointsSink* sink) { sink_ = sink; }

  void take_points() {
    if (sink_ == nullptr) return;
    for (const auto i : moved_) {
      FlowEntry& entry = entries_[i];
      if (!entry.live || !entry.moved) continue;
      entry.moved = false;
      hand_on_points(entry);
    }
    moved_.clear();
  }

  bool find_points(const FlowTuple& tuple) {
    bool flipped = false;
    const auto found = index_.find(canonical(tuple, flipped));
    if (sink_ == nullptr || found == index_.end()) return false;
    hand_on_points(entries_[found->second.index()]);
    return true;
  }

  bool touch(const FlowTuple& tuple, std::uint64_t id) {
    bool flipped = false;
    const auto found = index_.find(canonical(tuple, flipped));
    if (found == index_.end()) return false;
    const std::uint32_t i = found->second.index();
    if (entries_[i].id != id) return false;
    mark_changed(entries_[i], i);
    return true;
  }

  [[nodiscard]] FlowTableStats stats() const {
    return {live_,
            begun_,
            ended_,
            evicted_,
            records_,
            options_.max_flows,
            path_mtu_errors_,
            handshakes_twice_};
  }
  [[nodiscard]] std::uint64_t attributed(std::uint32_t ifindex, Direction direction,
                                         bool inner) const {
    const auto found = attributed_.find(ifindex);
    return found == attributed_.end()
               ? 0
               : found->second[static_cast<std::size_t>(direction) * 2 + (inner ? 1 : 0)];
  }
  void forget_interface(std::uint32_t ifindex) {
    attributed_.erase(ifindex);
    last_attributed_ = nullptr;
  }
  [[nodiscard]] std::uint64_t unmatched_icmp_errors() const { return unmatched_icmp_errors_; }
  void set_wall_offset(Nanos offset) { options_.wall_offset = offset; }
  [[nodiscard]] std::uint64_t refused_nat_mappings() const { return nat_.refused(); }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;

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

  void attribute(const FlowDelta& delta) {
    // Records come in runs of one interface.
    if (last_attributed_ == nullptr || last_ifindex_ != delta.ifindex) {
      last_attributed_ = &attributed_[delta.ifindex];
      last_ifindex_ = delta.ifindex;
    }
    (*last_attributed_)[static_cast<std::size_t>(delta.direction) * 2 +
                        (delta.depth > 0 ? 1U : 0U)] += delta.counters.packets;
  }

  FlowEntry* entry_of(const Handle& at, bool known) {
    if (!known || at.index >= entries_.size()) return nullptr;
    FlowEntry& entry = entries_[at.index];
    const bool same = entry.live && (entry.generation & kGenerationMask) == at.generation;
    return same && at.point < entry.points.size() ? &entry : nullptr;
  }

  FlowEntry* find_or_begin(const FlowDelta& delta, Handle& at) {
    const FlowTuple tuple = canonical(delta.tuple, at.flipped);
    auto found = index_.find(tuple);
    if (found != index_.end() && begins_anew(entries_[found->second.index()], delta)) {
      leave_index(found->second.index());
      found = index_.end();
    }
    if (found == index_.end()) {
      begin(tuple, delta);
      found = index_.find(tuple);
    }
    at.index = found->second.index();
    at.flipped = at.flipped != found->second.turned();
    FlowEntry& entry = entries_[at.index];
    at.generation = entry.generation & kGenerationMask;
    at.point = point_of(entry, delta, is_translated(entry, tuple));
    return &entry;
  }

  /// A SYN after the end, or anything that began after the connection tracker
  /// forgot a translated one: another connection on the same ports.
  static bool begins_anew(const FlowEntry& entry, const FlowDelta& delta) {
    if (entry.nat_ended && delta.first > entry.last) return true;
    return delta.syn != 0 && entry.closed() && delta.syn >= entry.last;
  }

  void begin(const FlowTuple& tuple, const FlowDelta& delta) {
    if (live_ >= options_.max_flows) {
      evict_one();
      last_eviction_ = delta.last;
    }
    std::uint32_t i = 0;
    if (free_.empty()) {
      i = static_cast<std::uint32_t>(entries_.size());
      entries_.emplace_back();
    } else {
      i = free_.back();
      free_.pop_back();
    }
    FlowEntry& entry = entries_[i];
    entry.canonical = tuple;
    entry.id = ++begun_;
    entry.live = true;
    entry.in_index = true;
    entry.no_ports = delta.no_ports;
    entry.min_ttl = delta.min_ttl;
    // Was it thrown out a moment ago? Then some of its points began there.
    entry.incomplete = evicted_ > 0 && delta.last - last_eviction_ < kEvictionShadow;
    index_[tuple] = Place(i, false);
    ++live_;
    if (const NatPair* pair = nat_.find(tuple); pair != nullptr && !delta.no_ports) {
      const NatPair known = *pair;
      // The other tuple may still lead to a flow that had it before.
      bool flipped = false;
      for (const FlowTuple& each : {known.original, known.translated})
        if (const std::uint32_t other = entry_at(canonical(each, flipped));
            other != kNone && other != i)
          leave_index(other);
      bind(i, known, false);
    }
  }

  [[nodiscard]] std::uint32_t entry_at(const FlowTuple& canonical_tuple) const {
    const auto found = index_.find(canonical_tuple);
    return found == index_.end() ? kNone : found->second.index();
  }

  /// The entry of one tuple of a new pair, if it may become the pair's. One
  /// that belongs to another pair was another connection's, and goes on
  /// without the tuple.
  std::uint32_t unbound(const FlowTuple& canonical_tuple, const NatPair& pair) {
    const std::uint32_t i = entry_at(canonical_tuple);
    if (i == kNone) return kNone;
    const FlowEntry& entry = entries_[i];
    if (!entry.nat || (*entry.nat == pair && !entry.nat_ended)) return i;
    leave_index(i);
    return kNone;
  }

  /// From now on both tuples of the pair lead to this entry, which was known
  /// by one of them. `seen_translated`: its points saw the translated one.
  void bind(std::uint32_t i, const NatPair& pair, bool seen_translated) {
    FlowEntry& entry = entries_[i];
    bool original_flipped = false;
    bool translated_flipped = false;
    const FlowTuple original = canonical(pair.original, original_flipped);
    const FlowTuple translated = canonical(pair.translated, translated_flipped);
    const bool known_by_original = entry.canonical == original;
    entry.nat = std::make_unique<NatPair>(pair);
    entry.from = (known_by_original ? original_flipped : translated_flipped) ? 1 : 0;
    for (FlowPoint& point : entry.points) point.translated = seen_translated;
    index_[known_by_original ? translated : original] =
        Place(i, original_flipped != translated_flipped);
  }

  static bool is_translated(const FlowEntry& entry, const FlowTuple& canonical_tuple) {
    bool flipped = false;
    return entry.nat && canonical(entry.nat->translated, flipped) == canonical_tuple;
  }

  /// Two entries turned out to be one flow: all of `from` goes to `to`, which
  /// has the pair already.
  void join(std::uint32_t to, std::uint32_t from) {
    FlowEntry& into = entries_[to];
    FlowEntry& other = entries_[from];
    bool flipped = false;
    (void)canonical(into.nat->translated, flipped);
    // Side 0 of the other is its canonical tuple's direction.
    const bool turned = (flipped ? 1 : 0) != into.from;
    absorb(into, other, turned, kMaxPoints);
    join_handshakes(to, other);
    if (tracking_) {
      // What it counted is told of with the other from now on: its last word
      // has no counters, so that nobody adds them twice.
      Flow last = view(from);
      last.ended = true;
      last.merged_into = into.id;
      last.forward = last.reverse = {};
      for (Observation& seen : last.observations) seen.forward = seen.reverse = {};
      ended_flows_.push_back(std::move(last));
    }
    other.in_index = false;  // its key is the other's now
    ++ended_;
    release(from);
    into.at_last_tick = into.total(0);
    into.at_last_tick += into.total(1);
    if (sink_ != nullptr && !into.moved) {
      into.moved = true;
      moved_.push_back(to);
    }
  }

  /// New packets with its tuples are another flow's from now on; what the
  /// probe's handles lead to is looked up anew.
  void leave_index(std::uint32_t i) {
    FlowEntry& entry = entries_[i];
    if (!entry.in_index) return;
    erase_keys(entry, i);
    entry.in_index = false;
    ++entry.generation;
  }

  void erase_keys(const FlowEntry& entry, std::uint32_t i) {
    const auto erase = [&](const FlowTuple& key) {
      const auto found = index_.find(key);
      if (found != index_.end() && found->second.index() == i) index_.erase(found);
    };
    erase(entry.canonical);
    if (!entry.nat) return;
    bool flipped = false;
    erase(canonical(entry.nat->original, flipped));
    erase(canonical(entry.nat->translated, flipped));
  }

  std::uint8_t point_of(FlowEntry& entry, const FlowDelta& delta, bool translated) {
    for (std::size_t i = 0; i < entry.points.size(); ++i) {
      const FlowPoint& point = entry.points[i];
      if (point.ifindex == delta.ifindex && point.direction == delta.direction &&
          point.depth == delta.depth && point.vni == delta.vni && point.translated == translated)
        return static_cast<std::uint8_t>(i);
    }
    if (entry.points.size() >= kMaxPoints) return static_cast<std::uint8_t>(kMaxPoints - 1);
    FlowPoint& point = entry.points.emplace_back();
    point.ifindex = delta.ifindex;
    point.translated = translated;
    point.role = names_.interface_role(delta.ifindex);
    point.direction = delta.direction;
    point.depth = delta.depth;
    point.tunnel = delta.tunnel;
    point.vni = delta.vni;
    point.vlan = delta.vlan;
    point.inner_vlan = delta.inner_vlan;
    point.mpls_label = delta.mpls_label;
    return static_cast<std::uint8_t>(entry.points.size() - 1);
  }

  void merge(FlowEntry& entry, const Handle& at, const FlowDelta& delta) {
    const std::size_t s = at.flipped ? 1 : 0;
    FlowPoint& point = entry.points[at.point];
    PointSide& to = point.side[s];
    const bool trouble = observer_ != nullptr &&
                         (delta.retransmits | delta.out_of_order | delta.zero_windows | delta.rsts);
    const TcpTrouble before = trouble ? trouble_of(entry, s) : TcpTrouble{};
    to.counters += delta.counters;
    to.moved = true;
    if (delta.tuple.protocol == kProtoTcp) {
      to.syns += delta.syns;
      to.fins += delta.fins;
      to.rsts += delta.rsts;
      to.retransmits += delta.retransmits;
      to.out_of_order += delta.out_of_order;
      to.zero_windows += delta.zero_windows;
      to.tcp_flags |= delta.tcp_flags;
      to.syn = earliest(to.syn, delta.syn);
      to.ack = earliest(to.ack, delta.ack);
    }
    if (delta.tunnel != Tunnel::kNone) {
      point.outer_src = at.flipped ? delta.outer_dst : delta.outer_src;
      point.outer_dst = at.flipped ? delta.outer_src : delta.outer_dst;
    }
    FlowSide& side = entry.side[s];
    side.first = earliest(side.first, delta.first);
    side.sent_syn = side.sent_syn || delta.sent_syn;
    side.sent_syn_ack = side.sent_syn_ack || delta.sent_syn_ack;
    side.sent_fin = side.sent_fin || (delta.tcp_flags & kTcpFin) != 0;
    if ((delta.tcp_flags & kTcpRst) != 0 && !side.sent_rst) {
      side.sent_rst = true;
      side.first_rst = delta.last;
    }
    entry.last = std::max(entry.last, delta.last);
    entry.dscp = delta.dscp;
    entry.min_ttl = std::min(entry.min_ttl, delta.min_ttl);
    entry.icmp = delta.icmp;
    entry.fragments += delta.fragments;
    if (delta.carries != Tunnel::kNone) entry.carries = delta.carries;
    if (trouble) tell_trouble(entry, s, before);
    // Nearer points may yet tell of it: at the next tick all have.
    if (observer_ != nullptr && delta.sent_syn && to.ack > to.syn &&
        entry.handshake == HandshakeNews::kNone)
      tell_later(at.index);
    mark_changed(entry, at.index);
    if (sink_ != nullptr && !entry.moved) {
      entry.moved = true;
      moved_.push_back(at.index);
    }
  }

  void hand_on_points(FlowEntry& entry) {
    point_counts_.clear();
    for (FlowPoint& point : entry.points) {
      PointCount& count = point_counts_.emplace_back();
      count.ifindex = point.ifindex;
      count.role = point.role;
      count.direction = point.direction;
      count.depth = point.depth;
      for (std::size_t s = 0; s < 2; ++s) {
        count.packets[s] = point.side[s].counters.packets;
        count.resets[s] = point.side[s].rsts;
        count.moved[s] = std::exchange(point.side[s].moved, false);
      }
    }
    FlowPoints flow;
    flow.id = entry.id;
    flow.tuple = entry.canonical;
    flow.translated = entry.canonical;
    if (entry.nat) {
      // Side `from` is the one that began it.
      flow.nat = true;
      flow.tuple = entry.from == 0 ? entry.nat->original : entry.nat->original.reversed();
      flow.translated = entry.from == 0 ? entry.nat->translated : entry.nat->translated.reversed();
      flow.initiator = entry.from;
    }
    flow.first = earliest(entry.side[0].first, entry.side[1].first);
    flow.fragments = entry.fragments > 0;
    flow.no_ports = entry.no_ports;
    // A new connection has its ports: whose packets are whose is not certain.
    flow.incomplete = entry.incomplete || !entry.in_index || entry.points.size() >= kMaxPoints;
    flow.points = point_counts_;
    sink_->on_points(flow);
  }

  static TcpTrouble trouble_of(const FlowEntry& entry, std::size_t s) {
    const FlowPoint* point = entry.nearest(s);
    if (point == nullptr) return {};
    const PointSide& side = point->side[s];
    return {side.retransmits, side.out_of_order, side.zero_windows, side.rsts};
  }

  /// What the nearest point has more than before; a nearer one that has just
  /// appeared may have less, which takes nothing back.
  void tell_trouble(const FlowEntry& entry, std::size_t s, const TcpTrouble& before) {
    const TcpTrouble now = trouble_of(entry, s);
    const auto more = [](std::uint64_t to, std::uint64_t from) {
      return to > from ? to - from : 0;
    };
    const TcpTrouble difference{
        more(now.retransmits, before.retransmits), more(now.out_of_order, before.out_of_order),
        more(now.zero_windows, before.zero_windows), more(now.resets, before.resets)};
    if (difference.any()) observer_->on_tcp_trouble(s == entry.initiator(), difference);
  }

  void tell_later(std::uint32_t i) {
    entries_[i].handshake = HandshakeNews::kPending;
    handshakes_.push_back({i, entries_[i].id, entries_[i].last});
  }

  /// Where translations are heard of late, two flows may yet turn out to be
  /// one, with one handshake: it waits as long.
  void tell_handshakes(Nanos now) {
    std::erase_if(handshakes_, [&](const Pending& pending) {
      FlowEntry& entry = entries_[pending.index];
      if (entry.id != pending.id) return true;  // ended: told then, or joined another
      if (nat_wait_ > 0 && now - pending.since < nat_wait_) return false;
      tell_handshake(entry);
      return true;
    });
  }

  void tell_handshake(FlowEntry& entry) {
    if (entry.handshake != HandshakeNews::kPending) return;
    entry.handshake = HandshakeNews::kTold;
    const std::size_t from = entry.initiator();
    const FlowPoint* best = nullptr;
    for (const FlowPoint& point : entry.points) {
      const PointSide& side = point.side[from];
      if (side.syn == 0 || side.ack <= side.syn) continue;
      if (best == nullptr || point_rank(point) < point_rank(*best)) best = &point;
    }
    if (best == nullptr) return;
    const PointSide& side = best->side[from];
    observer_->on_handshake(best->role, side.ack - side.syn);
  }

  /// Two flows turned out to be one: so did their handshakes.
  void join_handshakes(std::uint32_t to, const FlowEntry& other) {
    FlowEntry& into = entries_[to];
    if (other.handshake == HandshakeNews::kTold) {
      if (into.handshake == HandshakeNews::kTold) ++handshakes_twice_;
      into.handshake = HandshakeNews::kTold;
    } else if (other.handshake == HandshakeNews::kPending &&
               into.handshake == HandshakeNews::kNone) {
      tell_later(to);
    }
  }

  void mark_changed(FlowEntry& entry, std::uint32_t i) {
    if (!tracking_ || entry.changed) return;
    entry.changed = true;
    changed_.push_back(i);
  }

  static void update_rates(FlowEntry& entry, double seconds) {
    Counters now = entry.total(0);
    now += entry.total(1);
    if (seconds > 0) {
      // A nearer point may have appeared with less than the one before it.
      const auto rate = [seconds](std::uint64_t to, std::uint64_t from) {
        return to > from ? static_cast<float>(static_cast<double>(to - from) / seconds) : 0.0F;
      };
      entry.packets_per_second = rate(now.packets, entry.at_last_tick.packets);
      entry.bytes_per_second = rate(now.bytes, entry.at_last_tick.bytes);
    }
    entry.at_last_tick = now;
  }

  [[nodiscard]] Nanos timeout_of(const FlowEntry& entry) const {
    if (entry.canonical.protocol != kProtoTcp || !entry.answered()) return options_.idle_timeout;
    return entry.closed() ? options_.closed_timeout : options_.idle_timeout * 10;
  }

  /// The table is full: the flow that was quiet longest among a few ends. A
  /// sample keeps this constant in time; the clock hand makes it fair.
  void evict_one() {
    constexpr std::uint32_t kSample = 32;
    std::uint32_t oldest = 0;
    bool found = false;
    for (std::uint32_t n = 0, looked = 0; looked < kSample && n < entries_.size(); ++n) {
      hand_ = (hand_ + 1) % static_cast<std::uint32_t>(entries_.size());
      if (!entries_[hand_].live) continue;
      ++looked;
      if (!found || entries_[hand_].last < entries_[oldest].last) oldest = hand_;
      found = true;
    }
    if (!found) return;
    ++evicted_;
    ++ended_;
    end(oldest, FlowEnding::kEvicted);
  }

  void end(std::uint32_t i, FlowEnding why) {
    FlowEntry& entry = entries_[i];
    if (observer_ != nullptr) {
      tell_handshake(entry);  // it will not see the next tick
      Flow flow = outline(i);
      flow.ending = why;
      flow.ended = true;
      observer_->on_flow_end(flow);
    }
    if (tracking_) {
      Flow& flow = ended_flows_.emplace_back(view(i));
      flow.ending = why;
      flow.ended = true;
    }
    if (entry.in_index) erase_keys(entry, i);
    release(i);
  }

  void release(std::uint32_t i) {
    path_mtus_.forget(i);
    FlowEntry& entry = entries_[i];
    if (sink_ != nullptr) sink_->on_points_end(entry.id);
    const std::uint32_t generation = entry.generation + 1;
    entry = FlowEntry{};
    entry.generation = generation;
    free_.push_back(i);
    --live_;
  }

  [[nodiscard]] Flow outline(std::uint32_t i) const {
    Flow flow = flow_outline(entries_[i], options_.wall_offset);
    path_mtus_.fill(i, flow);
    return flow;
  }
  [[nodiscard]] Flow view(std::uint32_t i) const {
    Flow flow = outline(i);
    add_points(entries_[i], names_, flow);
    return flow;
  }

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
  Nanos last_eviction_ = 0;  ///< on the clock of packets
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

FlowTable::FlowTable(FlowTableOptions options, const PointNames& names)
    : impl_(std::make_unique<Impl>(options, names)) {}
FlowTable::~FlowTable() = default;

void FlowTable::on_flow(const FlowDelta& delta, FlowHandle& handle) {
  impl_->on_flow(delta, handle);
}
void FlowTable::on_icmp_error(const IcmpErrorEvent& event) { impl_->on_icmp_error(event); }
void FlowTable::on_nat(const NatMapping& mapping) { impl_->on_nat(mapping); }
std::uint64_t FlowTable::refused_nat_mappings() const { return impl_->refused_nat_mappings(); }

void FlowTable::observe(FlowObserver& observer) { impl_->observe(observer); }
void FlowTable::tick(Nanos now) { impl_->tick(now); }
void FlowTable::set_wall_offset(Nanos offset) { impl_->set_wall_offset(offset); }
std::vector<Flow> FlowTable::flows() const { return impl_->flows(); }
void FlowTable::track_changes(bool on) { impl_->track_changes(on); }
std::vector<Flow> FlowTable::take_changes() { return impl_->take_changes(); }
void FlowTable::watch_points(FlowPointsSink* sink) { impl_->watch_points(sink); }
void FlowTable::take_points() { impl_->take_points(); }
bool FlowTable::find_points(const FlowTuple& tuple) { return impl_->find_points(tuple); }
bool FlowTable::touch(const FlowTuple& tuple, std::uint64_t id) { return impl_->touch(tuple, id); }
FlowTableStats FlowTable::stats() const { return impl_->stats(); }
std::uint64_t FlowTable::attributed(std::uint32_t ifindex, Direction direction) const {
  return impl_->attributed(ifindex, direction, false);
}
std::uint64_t FlowTable::attributed_inner(std::uint32_t ifindex, Direction direction) const {
  return impl_->attributed(ifindex, direction, true);
}
void FlowTable::forget_interface(std::uint32_t ifindex) { impl_->forget_interface(ifindex); }
std::uint64_t FlowTable::unmatched_icmp_errors() const { return impl_->unmatched_icmp_errors(); }

}  // namespace netprobe
