// SPDX-License-Identifier: Apache-2.0
#include "analysis/loss/loss_locator.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <utility>

#include "analysis/loss/drop_index.h"
#include "analysis/loss/followed.h"
#include "analysis/loss/ledger.h"
#include "analysis/loss/path.h"

namespace netprobe {
namespace {

constexpr Nanos kLosing = 10 * kSecond;

std::uint64_t above(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; }

/// One packet to such an address becomes many, or ends here.
bool is_to_many(const IpAddress& address) {
  return address.is_multicast() || address == IpAddress::v4(0xffffffff);
}

}  // namespace

class LossLocator::Impl {
 public:
  Impl(LossOptions options, const LossSurroundings& surroundings)
      : options_(options), around_(surroundings), ledger_(options.max_losses) {}

  void begin_pass(Nanos now, Nanos wall) {
    now_ = now;
    wall_ = wall;
  }

  void on_points(const FlowPoints& flow) {
    auto found = followed_.find(flow.id);
    const bool wanted = is_wanted(flow);
    if (found == followed_.end()) {
      if (!wanted && !teaches(flow) && obviously_complete(flow)) return;
      // What a path costs is not spent where nothing could come of it.
      if (followed_.size() >= options_.max_followed) {
        ++not_followed_;
        return;
      }
      const std::array<Path, 2> path{path_of(flow, 0, around_), path_of(flow, 1, around_)};
      learn(path);
      if (!comparable(flow) || (!wanted && !has_deficit(path))) return;
      auto& place = followed_[flow.id];
      place = std::make_unique<Followed>();
      Followed& fresh = *place;
      fresh.since = flow.first;
      fresh.wanted = wanted;
      take(fresh, flow, path);
      return;
    }
    const std::array<Path, 2> path{path_of(flow, 0, around_), path_of(flow, 1, around_)};
    learn(path);
    take(*found->second, flow, path);
    found->second->wanted = found->second->wanted || wanted;
  }

  void end(std::uint64_t id) { followed_.erase(id); }

  void end_pass() {
    boost::unordered::erase_if(followed_, [this](auto& each) {
      evaluate(each.first, *each.second);
      return forgettable(*each.second);
    });
  }

  void on_drops(const DropReport& drops) {
    drops_.update(drops, around_.netns());
    if (drops_.empty()) return;
    for (auto& [key, entry] : ledger_.entries()) explain(key, entry, entry.unexplained());
    for (auto& [id, flow] : followed_)
      if (flow->usable) corroborate(id, *flow);
  }
  [[nodiscard]] bool losing() const { return last_claim_ != 0 && now_ - last_claim_ < kLosing; }
  std::vector<FlowTuple> take_wanted() {
    std::vector<FlowTuple> tuples = drops_.unused_tuples();
    wanted_.clear();
    wanted_.insert(tuples.begin(), tuples.end());
    return tuples;
  }
  std::vector<Grown> take_grown() { return std::exchange(grown_, {}); }

  [[nodiscard]] LossReport report() const {
    LossReport report;
    ledger_.report(report);
    report.followed = followed_.size();
    report.not_followed = not_followed_;
    report.unwatched_interfaces = around_.unwatched();
    return report;
  }

  void annotate(std::vector<Flow>& flows) const {
    if (ledger_.empty()) return;
    for (Flow& flow : flows) flow.losses = ledger_.of_flow(flow.id);
  }

 private:
  [[nodiscard]] bool is_wanted(const FlowPoints& flow) const {
    if (wanted_.empty()) return false;
    return wanted_.contains(canonical_of(flow.tuple)) ||
           (flow.nat && wanted_.contains(canonical_of(flow.translated)));
  }

  /// Does it pass a tunnel device of which it is not known yet where it leads?
  [[nodiscard]] bool teaches(const FlowPoints& flow) const {
    return std::ranges::any_of(flow.points, [this](const PointCount& point) {
      return point.role == Role::kTunnel && point.direction == Direction::kEgress &&
             point.depth == 0 && !underlay_.contains(point.ifindex);
    });
  }

  /// Which underlay device a tunnel's packets leave by: then one whose packets
  /// all vanish is known to lose them there.
  void learn(const std::array<Path, 2>& path) {
    for (const Path& each : path) {
      const Crossing& c = each[static_cast<std::size_t>(Passage::kEncapsulation)];
      if (c.seen_behind()) underlay_[c.from] = c.to;
    }
  }

  [[nodiscard]] static bool comparable(const FlowPoints& flow) {
    return !flow.fragments && !flow.no_ports && !flow.incomplete && !is_to_many(flow.tuple.src) &&
           !is_to_many(flow.tuple.dst);
  }

  [[nodiscard]] bool must_be_left(const Crossing& c, Passage passage) const {
    if (c.seen_behind()) return true;
    if (c.from == 0) return false;
    if (passage == Passage::kEncapsulation) return underlay_.contains(c.from);
    if (passage != Passage::kToPort) return false;
    const LossInterface* from = around_.interface(c.from);
    return from != nullptr && from->bridge;
  }

  [[nodiscard]] bool has_deficit(const std::array<Path, 2>& path) const {
    for (const Path& each : path)
      for (std::size_t i = 0; i < kPassages; ++i)
        if (each[i].entered > each[i].left && must_be_left(each[i], static_cast<Passage>(i)))
          return true;
    return false;
  }

  void take(Followed& to, const FlowPoints& flow, const std::array<Path, 2>& path) {
    to.tuple = flow.tuple;
    to.translated = flow.translated;
    to.ends = flow.tuple;
    to.nat = flow.nat;
    // The address of each side as that side itself has it.
    if (flow.nat && flow.initiator == 0) {
      to.ends.dst = flow.translated.dst;
    } else if (flow.nat) {
      to.ends.src = flow.translated.src;
    }
    to.usable = comparable(flow);
    for (const PointCount& point : flow.points) {
      const LossInterface* interface = around_.interface(point.ifindex);
      if (interface == nullptr || interface->watched_since == 0) {
        to.usable = false;
        continue;
      }
      to.disturbed = std::max({to.disturbed, interface->watched_since,
                               interface->disturbed[static_cast<std::size_t>(point.direction)]});
    }
    to.path = path;
  }

  void evaluate(std::uint64_t id, Followed& flow) {
    if (!flow.usable) return;
    if (flow.disturbed >= flow.since && flow.disturbed > 0) return rebase(flow);
    if (flow.begin == Begin::kLeftTaken) {
      if (now_ <= flow.since) return;
      flow.since = now_;
      for (std::size_t s = 0; s < 2; ++s)
        for (std::size_t i = 0; i < kPassages; ++i)
          flow.base[s][i].left = std::min(flow.base[s][i].left, flow.path[s][i].left);
      flow.begin = Begin::kLeftSure;
      return;
    }
    if (flow.begin == Begin::kLeftSure) {
      // Any moment after what left was read will do.
      if (now_ <= flow.since) return;
      for (std::size_t s = 0; s < 2; ++s)
        for (std::size_t i = 0; i < kPassages; ++i)
          flow.base[s][i].entered = flow.path[s][i].entered;
      flow.begin = Begin::kAtBase;
    }
    if (now_ == flow.read) return;
    flow.read = now_;
    for (std::size_t s = 0; s < 2; ++s)
      for (std::size_t i = 0; i < kPassages; ++i) read(flow, s, static_cast<Passage>(i));
    flow.remade = flow.remade || is_remade(flow);
    for (std::size_t s = 0; s < 2; ++s)
      for (std::size_t i = 0; i < kPassages; ++i) {
        const auto passage = static_cast<Passage>(i);
        if (!must_be_left(flow.path[s][i], passage) || !may_be_lost(flow, s, passage)) continue;
        const std::uint64_t lost = flow.settling[s][i].lost();
        if (lost > flow.found[s][i]) claim(id, flow, s, passage, lost - flow.found[s][i]);
      }
  }

  /// Counters from before now say nothing any more: begin anew.
  void rebase(Followed& flow) {
    flow.begin = Begin::kLeftTaken;
    flow.since = std::max(now_, flow.disturbed + 1);
    flow.read = now_;
    flow.settling = {};
    flow.found = {};
    for (std::size_t s = 0; s < 2; ++s)
      for (std::size_t i = 0; i < kPassages; ++i) flow.base[s][i] = {0, flow.path[s][i].left};
  }

  void read(Followed& flow, std::size_t s, Passage passage) const {
    const auto i = static_cast<std::size_t>(passage);
    const Crossing& c = flow.path[s][i];
    // A tunnel or bridge device has no other way out than the one we know.
    const bool only_way = passage == Passage::kEncapsulation || !c.seen_behind();
    flow.settling[s][i].read(now_, above(c.entered, flow.base[s][i].entered),
                             above(c.left, flow.base[s][i].left), only_way, c.left_moved);
  }

  /// More packets leave the IP layer than entered it: somebody here speaks in
  /// the name of the other side. Only resets are a firewall's way to refuse.
  [[nodiscard]] static bool is_remade(const Followed& flow) {
    if (flow.begin != Begin::kAtFirstPacket) return false;
    constexpr auto kRouting = static_cast<std::size_t>(Passage::kRouting);
    for (std::size_t s = 0; s < 2; ++s) {
      const Crossing& c = flow.path[s][kRouting];
      const std::uint64_t excess = flow.settling[s][kRouting].excess(c.came);
      if (excess > above(c.left_resets, c.entered_resets)) return true;
    }
    return false;
  }

  [[nodiscard]] bool may_be_lost(const Followed& flow, std::size_t s, Passage passage) const {
    const IpAddress& src = s == 0 ? flow.ends.src : flow.ends.dst;
    const IpAddress& dst = s == 0 ? flow.ends.dst : flow.ends.src;
    if (is_to_many(dst)) return false;
    if (!flow.path[s][static_cast<std::size_t>(passage)].routed) return true;
    return !flow.remade && around_.unwatched() == 0 && !around_.is_local(dst) &&
           !around_.is_local(src) && !dst.is_loopback() && !src.is_loopback() &&
           !dst.is_link_local() && !src.is_link_local();
  }

  void claim(std::uint64_t id, Followed& flow, std::size_t s, Passage passage,
             std::uint64_t packets) {
    const auto i = static_cast<std::size_t>(passage);
    const Crossing& c = flow.path[s][i];
    flow.found[s][i] += packets;
    flow.lost_any = true;
    last_claim_ = now_;
    LossLedger::Entry entry;
    entry.loss.flow_id = id;
    entry.loss.tuple = s == 0 ? flow.tuple : flow.tuple.reversed();
    entry.nat = flow.nat;
    entry.translated = s == 0 ? flow.translated : flow.translated.reversed();
    entry.loss.entered = c.entered;
    entry.loss.left = c.left;
    entry.loss.last_seen = wall_;
    entry.from = c.from;
    entry.to = c.to != 0 ? c.to : expected_behind(c, passage);
    entry.tunnelled = c.tunnelled;
    entry.loss.from_direction = c.from_direction;
    entry.loss.to_direction = c.to_direction;
    if (const LossInterface* from = around_.interface(entry.from); from != nullptr) {
      entry.loss.from_interface = from->name;
      entry.loss.from_role = from->role;
    }
    if (const LossInterface* to = around_.interface(entry.to); to != nullptr) {
      entry.loss.to_interface = to->name;
      entry.loss.to_role = to->role;
    }
    const LossLedger::Key key{id, static_cast<std::uint8_t>(s), passage};
    ledger_.add(key, packets, entry);
    grown_.push_back({id, flow.tuple});
    explain(key, entry, packets);
  }

  [[nodiscard]] std::uint32_t expected_behind(const Crossing& c, Passage passage) const {
    if (passage != Passage::kEncapsulation) return 0;
    const auto known = underlay_.find(c.from);
    return known == underlay_.end() ? 0 : known->second;
  }

  /// Drops that fit this loss account for up to `packets` of it.
  void explain(const LossLedger::Key& key, const LossLedger::Entry& entry, std::uint64_t packets) {
    const DropPlace place{entry.from, entry.to, entry.loss.from_direction, entry.loss.to_direction,
                          entry.tunnelled};
    for (const LossReason& reason : drops_.use(entry.loss.tuple, place, packets))
      ledger_.explain(key, reason);
    if (!entry.nat) return;
    const auto at = ledger_.entries().find(key);
    if (at == ledger_.entries().end()) return;
    for (const LossReason& reason :
         drops_.use(entry.translated, place, std::min(packets, at->second.unexplained())))
      ledger_.explain(key, reason);
  }

  /// A deficit that drops tell of as well is a loss, settled or not, and even
  /// where nobody knows where the packets would have gone.
  void corroborate(std::uint64_t id, Followed& flow) {
    if (flow.begin == Begin::kLeftTaken || flow.begin == Begin::kLeftSure) return;
    for (std::size_t s = 0; s < 2; ++s)
      for (std::size_t i = 0; i < kPassages; ++i) {
        const auto passage = static_cast<Passage>(i);
        const Crossing& c = flow.path[s][i];
        if (c.from == 0 || !may_be_lost(flow, s, passage)) continue;
        const std::uint64_t open = above(flow.settling[s][i].missing(), flow.found[s][i]);
        if (open == 0) continue;
        const DropPlace place{c.from, c.to, c.from_direction, c.to_direction, c.tunnelled};
        const FlowTuple tuple = s == 0 ? flow.tuple : flow.tuple.reversed();
        std::uint64_t told = drops_.available(tuple, place);
        if (flow.nat)
          told += drops_.available(s == 0 ? flow.translated : flow.translated.reversed(), place);
        if (told > 0) claim(id, flow, s, passage, std::min(open, told));
      }
  }

  [[nodiscard]] bool forgettable(const Followed& flow) const {
    if (flow.lost_any || flow.remade || flow.begin != Begin::kAtFirstPacket) return false;
    for (std::size_t s = 0; s < 2; ++s)
      for (std::size_t i = 0; i < kPassages; ++i)
        if (!flow.settling[s][i].even() &&
            (flow.wanted || must_be_left(flow.path[s][i], static_cast<Passage>(i))))
          return false;
    return true;
  }

  LossOptions options_;
  const LossSurroundings& around_;
  LossLedger ledger_;
  DropIndex drops_;
  boost::unordered_flat_map<std::uint64_t, std::unique_ptr<Followed>> followed_;
  boost::unordered_flat_map<std::uint32_t, std::uint32_t> underlay_;  ///< by tunnel device
  boost::unordered_flat_set<FlowTuple, TupleHash> wanted_;            ///< canonical
  std::vector<Grown> grown_;
  std::uint64_t not_followed_ = 0;
  Nanos now_ = 0;
  Nanos wall_ = 0;
  Nanos last_claim_ = 0;
};

LossLocator::LossLocator(LossOptions options, const LossSurroundings& surroundings)
    : impl_(std::make_unique<Impl>(options, surroundings)) {}
LossLocator::~LossLocator() = default;
void LossLocator::begin_pass(Nanos now, Nanos wall) { impl_->begin_pass(now, wall); }
void LossLocator::on_points(const FlowPoints& flow) { impl_->on_points(flow); }
void LossLocator::on_points_end(std::uint64_t id) { impl_->end(id); }
void LossLocator::end_pass() { impl_->end_pass(); }
void LossLocator::on_drops(const DropReport& drops) { impl_->on_drops(drops); }
bool LossLocator::losing() const { return impl_->losing(); }
std::vector<FlowTuple> LossLocator::take_wanted() { return impl_->take_wanted(); }
std::vector<LossLocator::Grown> LossLocator::take_grown() { return impl_->take_grown(); }
LossReport LossLocator::report() const { return impl_->report(); }
void LossLocator::annotate(std::vector<Flow>& flows) const { impl_->annotate(flows); }

}  // namespace netprobe
