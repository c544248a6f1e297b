// SPDX-License-Identifier: Apache-2.0
#include "flow/flow_table.h"

#include <algorithm>
#include <utility>

#include "flow/flow_table_impl.h"

namespace netprobe {
namespace {

// Records of a flow reach the table within two sweeps: what begins sooner after
// the table threw a flow out may be the rest of that one.
constexpr Nanos kEvictionShadow = 5 * kSecond;

// Of a kernel's clock at HZ=100; most have shorter ones.
constexpr Nanos kLongestTick = 10 * kMillisecond;

}  // namespace

FlowHandle FlowTable::Impl::pack(const Handle& h) {
  return static_cast<std::uint64_t>(h.index) << 32 |
         static_cast<std::uint64_t>(h.generation & kGenerationMask) << 10 |
         static_cast<std::uint64_t>(h.point) << 2 | (h.flipped ? 2U : 0U) | 1U;
}

FlowTable::Impl::Handle FlowTable::Impl::unpack(FlowHandle handle) {
  return {static_cast<std::uint32_t>(handle >> 32),
          static_cast<std::uint32_t>(handle >> 10) & kGenerationMask,
          static_cast<std::uint8_t>(handle >> 2), (handle & 2) != 0};
}

void FlowTable::Impl::on_flow(const FlowDelta& delta, FlowHandle& handle) {
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

void FlowTable::Impl::on_icmp_error(const IcmpErrorEvent& event) {
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

void FlowTable::Impl::tick(Nanos now) {
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

std::vector<Flow> FlowTable::Impl::flows() const {
  std::vector<Flow> result;
  result.reserve(live_);
  for (std::uint32_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].live) result.push_back(view(i));
  std::ranges::sort(result, {}, &Flow::id);
  return result;
}

FlowTableStats FlowTable::Impl::stats() const {
  const auto& [sums, history, detection] = listeners_;
  return {live_,
          begun_,
          ended_,
          evicted_,
          records_,
          options_.max_flows,
          path_mtu_errors_,
          handshakes_twice_,
          sums.twice,
          sums.over,
          history.twice,
          history.over};
}

std::uint64_t FlowTable::Impl::attributed(std::uint32_t ifindex, Direction direction,
                                          bool inner) const {
  const auto found = attributed_.find(ifindex);
  return found == attributed_.end()
             ? 0
             : found->second[static_cast<std::size_t>(direction) * 2 + (inner ? 1 : 0)];
}

void FlowTable::Impl::forget_interface(std::uint32_t ifindex) {
  attributed_.erase(ifindex);
  last_attributed_ = nullptr;
}

void FlowTable::Impl::attribute(const FlowDelta& delta) {
  // Records come in runs of one interface.
  if (last_attributed_ == nullptr || last_ifindex_ != delta.ifindex) {
    last_attributed_ = &attributed_[delta.ifindex];
    last_ifindex_ = delta.ifindex;
  }
  (*last_attributed_)[static_cast<std::size_t>(delta.direction) * 2 +
                      (delta.depth > 0 ? 1U : 0U)] += delta.counters.packets;
}

FlowEntry* FlowTable::Impl::entry_of(const Handle& at, bool known) {
  if (!known || at.index >= entries_.size()) return nullptr;
  FlowEntry& entry = entries_[at.index];
  const bool same = entry.live && (entry.generation & kGenerationMask) == at.generation;
  return same && at.point < entry.points.size() ? &entry : nullptr;
}

FlowEntry* FlowTable::Impl::find_or_begin(const FlowDelta& delta, Handle& at) {
  const FlowTuple tuple = canonical(delta.tuple, at.flipped);
  auto found = index_.find(tuple);
  if (found != index_.end() && begins_anew(entries_[found->second.index()], delta,
                                           at.flipped != found->second.turned() ? 1 : 0)) {
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

bool FlowTable::Impl::begins_anew(const FlowEntry& entry, const FlowDelta& delta,
                                  std::size_t side) {
  if (entry.nat_ended && delta.first > entry.last) return true;
  if (delta.syn == 0 || !entry.closed() || delta.syn < entry.last) return false;
  if (delta.syn >= entry.last + kLongestTick) return true;
  // The time of a SYN is exact, that of a last packet the tick's before it. A
  // connection that begins and ends within a tick may be read to its end from
  // one CPU's cache before another's has told of its SYN. Where that place has
  // one already, this is another.
  return std::ranges::any_of(entry.points, [&](const FlowPoint& point) {
    const Nanos known = point.side[side].syn;
    return point.ifindex == delta.ifindex && point.direction == delta.direction &&
           point.depth == delta.depth && point.vni == delta.vni && known != 0 && known != delta.syn;
  });
}

void FlowTable::Impl::begin(const FlowTuple& tuple, const FlowDelta& delta) {
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

void FlowTable::Impl::leave_index(std::uint32_t i) {
  FlowEntry& entry = entries_[i];
  if (!entry.in_index) return;
  erase_keys(entry, i);
  entry.in_index = false;
  ++entry.generation;
}

void FlowTable::Impl::erase_keys(const FlowEntry& entry, std::uint32_t i) {
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

std::uint8_t FlowTable::Impl::point_of(FlowEntry& entry, const FlowDelta& delta, bool translated) {
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

void FlowTable::Impl::merge(FlowEntry& entry, const Handle& at, const FlowDelta& delta) {
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
  mark_grown(at.index);
  if (sink_ != nullptr && !entry.moved) {
    entry.moved = true;
    moved_.push_back(at.index);
  }
}

void FlowTable::Impl::update_rates(FlowEntry& entry, double seconds) {
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

Nanos FlowTable::Impl::timeout_of(const FlowEntry& entry) const {
  if (entry.canonical.protocol != kProtoTcp || !entry.answered()) return options_.idle_timeout;
  return entry.closed() ? options_.closed_timeout : options_.idle_timeout * 10;
}

void FlowTable::Impl::evict_one() {
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

void FlowTable::Impl::end(std::uint32_t i, FlowEnding why) {
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
  end_growth(i, why);
  if (entry.in_index) erase_keys(entry, i);
  release(i);
}

void FlowTable::Impl::release(std::uint32_t i) {
  path_mtus_.forget(i);
  FlowEntry& entry = entries_[i];
  if (sink_ != nullptr) sink_->on_points_end(entry.id);
  const std::uint32_t generation = entry.generation + 1;
  entry = FlowEntry{};
  entry.generation = generation;
  free_.push_back(i);
  --live_;
}

Flow FlowTable::Impl::outline(std::uint32_t i) const {
  Flow flow = flow_outline(entries_[i], options_.wall_offset);
  path_mtus_.fill(i, flow);
  return flow;
}

Flow FlowTable::Impl::view(std::uint32_t i) const {
  Flow flow = outline(i);
  add_points(entries_[i], names_, flow);
  return flow;
}

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
void FlowTable::watch_growth(FlowGrowthSink* sink, GrowthListener listener) {
  impl_->watch_growth(sink, listener);
}
bool FlowTable::take_growth(GrowthListener listener, std::size_t most) {
  return impl_->take_growth(listener, most);
}
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
