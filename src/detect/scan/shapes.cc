// SPDX-License-Identifier: Apache-2.0
#include "detect/scan/shapes.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <tuple>
#include <utility>

namespace netprobe {
namespace {

using Members = std::vector<std::uint8_t>;

// Targets of a block that is too wide for its pattern to be seen are in one network, of
// so many bits, or its packets are no kernel's; so large a part of them.
constexpr std::size_t kNetworkBytes4 = 14;  // 96 + 16 bits
constexpr std::size_t kNetworkBytes6 = 8;
constexpr double kMostOfThem = 0.75;
constexpr std::uint32_t kSparsePairs = 80;
constexpr std::uint32_t kBlockTargets = 3;
constexpr std::uint32_t kBlockPorts = 2;
constexpr std::uint32_t kSparsePorts = 5;
// Pairs a target, and pairs a port, of what is a grid: peer-to-peer networks have about
// one port a peer.
constexpr double kGrid = 1.5;
constexpr std::size_t kBlockVerticals = 3;

bool is_ping(const ScanProbe& probe) { return probe.method == ScanMethod::kPing; }

struct Sum {
  std::uint32_t failed = 0;
  std::uint32_t empty = 0;
  bool fresh = false;
  void add(const ScanProbe& probe) {
    (probe.outcome == Outcome::kEmpty ? empty : failed) += 1;
    fresh = fresh || probe.fresh;
  }
  // A port that is open is found as well; but health checks find nothing else.
  [[nodiscard]] std::uint32_t score() const { return failed + std::min(failed, empty); }
};

class Look {
 public:
  Look(const ProbeSet& set, std::uint32_t now, bool outside, const ScanOptions& options)
      : probes_(set.all()), now_(now), outside_(outside), options_(options) {}

  std::vector<ShapeFound> all() {
    Members quick;
    Members slow;
    for (std::size_t i = 0; i < probes_.size(); ++i) {
      const ScanProbe& probe = probes_[i];
      if (!probe.counts()) continue;
      const auto at = static_cast<std::uint8_t>(i);
      if (probe.seconds + options_.window >= now_) quick.push_back(at);
      if (!probe.told) slow.push_back(at);
    }
    find(quick, options_.vertical_ports,
         outside_ ? options_.outside_targets : options_.inside_targets, true);
    // A block is what all of them are.
    if (!found_.empty() && found_.front().shape == ScanShape::kBlock) return std::move(found_);
    find(slow, options_.slow_ports, options_.slow_targets, false);
    return std::move(found_);
  }

 private:
  struct Group {
    std::size_t begin = 0;
    std::size_t end = 0;
    Sum sum;
  };

  template <typename Key>
  std::vector<Group> groups(Members& members, Key key) {
    std::ranges::sort(
        members, [&](std::uint8_t a, std::uint8_t b) { return key(probes_[a]) < key(probes_[b]); });
    std::vector<Group> result;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const ScanProbe& probe = probes_[members[i]];
      if (result.empty() || key(probes_[members[result.back().begin]]) != key(probe))
        result.push_back({i, i, {}});
      result.back().end = i + 1;
      result.back().sum.add(probe);
    }
    return result;
  }

  void find(Members& all, std::uint32_t ports, std::uint32_t targets, bool quick) {
    Members tried;  // without echoes
    for (const std::uint8_t i : all)
      if (!is_ping(probes_[i])) tried.push_back(i);
    Members by_port = all;
    const auto verticals = groups(tried, [](const ScanProbe& p) { return p.peer; });
    const auto horizontals = groups(
        by_port, [](const ScanProbe& p) { return std::tuple(is_ping(p), p.protocol, p.port); });
    const auto many = static_cast<std::size_t>(std::ranges::count_if(
        verticals, [&](const Group& group) { return group.sum.score() >= ports; }));
    if (quick && is_block(tried, verticals.size(), horizontals.size(), many))
      return add({.shape = ScanShape::kBlock, .threshold = options_.block_pairs}, tried, quick);
    for (const Group& group : verticals) {
      if (group.sum.score() < ports || !group.sum.fresh) continue;
      const Members part(tried.begin() + static_cast<std::ptrdiff_t>(group.begin),
                         tried.begin() + static_cast<std::ptrdiff_t>(group.end));
      add({.shape = ScanShape::kVertical, .target = probes_[part[0]].peer, .threshold = ports},
          part, quick);
    }
    for (const Group& group : horizontals) {
      if (group.sum.score() < targets || !group.sum.fresh) continue;
      const Members part(by_port.begin() + static_cast<std::ptrdiff_t>(group.begin),
                         by_port.begin() + static_cast<std::ptrdiff_t>(group.end));
      const ScanProbe& any = probes_[part[0]];
      add({.shape = is_ping(any) ? ScanShape::kSweep : ScanShape::kHorizontal,
           .port = any.port,
           .protocol = any.protocol,
           .threshold = targets},
          part, quick);
    }
  }

  bool is_block(const Members& tried, std::size_t targets, std::size_t ports,
                std::size_t verticals) const {
    Sum sum;
    for (const std::uint8_t i : tried) sum.add(probes_[i]);
    if (!sum.fresh) return false;
    if (verticals >= kBlockVerticals) return true;
    const double pairs = sum.score();
    if (pairs < options_.block_pairs || targets < kBlockTargets || ports < kBlockPorts)
      return false;
    if (pairs >= kGrid * static_cast<double>(targets) &&
        pairs >= kGrid * static_cast<double>(ports))
      return true;
    return pairs >= kSparsePairs && ports >= kSparsePorts && (is_bare(tried) || is_near(tried));
  }

  bool is_bare(const Members& members) const {
    const auto bare = std::ranges::count_if(members, [&](std::uint8_t i) {
      const ScanMethod method = probes_[i].method;
      return method != ScanMethod::kConnect && method != ScanMethod::kUdp;
    });
    return static_cast<double>(bare) >= kMostOfThem * static_cast<double>(members.size());
  }

  bool is_near(const Members& members) const {
    // Sorted by peer: if most are of one network, the one in the middle is.
    const IpAddress& middle = probes_[members[members.size() / 2]].peer;
    const std::size_t bytes = middle.is_v4() ? kNetworkBytes4 : kNetworkBytes6;
    const auto near = std::ranges::count_if(members, [&](std::uint8_t i) {
      return std::memcmp(probes_[i].peer.bytes().data(), middle.bytes().data(), bytes) == 0;
    });
    return static_cast<double>(near) >= kMostOfThem * static_cast<double>(members.size());
  }

  void add(ShapeFound shape, const Members& members, bool quick) {
    Sum sum;
    std::array<std::uint32_t, kScanMethods> methods{};
    std::vector<IpAddress> peers;
    std::vector<std::uint32_t> ports;
    shape.first = UINT32_MAX;
    for (const std::uint8_t i : members) {
      const ScanProbe& probe = probes_[i];
      sum.add(probe);
      ++methods[static_cast<std::size_t>(probe.method)];
      peers.push_back(probe.peer);
      ports.push_back(static_cast<std::uint32_t>(probe.protocol) << 16 | probe.port);
      shape.first = std::min(shape.first, probe.seconds);
      shape.last = std::max(shape.last, probe.seconds);
      shape.connected = shape.connected || probe.outcome == Outcome::kEmpty;
    }
    shape.score = sum.score();
    // What was open was reset by the scanner's own kernel; what was closed cannot tell.
    shape.method = static_cast<ScanMethod>(std::ranges::max_element(methods) - methods.begin());
    shape.targets = distinct(peers);
    shape.ports = distinct(ports);
    const std::uint32_t span = shape.last - shape.first;
    const bool slow =
        span >= options_.slow_interval * (static_cast<std::uint32_t>(members.size()) - 1);
    if (!quick && (!slow || is_found(shape))) return;
    shape.slow = slow && shape.shape != ScanShape::kBlock;
    shape.members = members;
    std::ranges::sort(shape.members, {}, [&](std::uint8_t i) {
      return std::pair(probes_[i].seconds, probes_[i].flow_id);
    });
    found_.push_back(std::move(shape));
  }

  bool is_found(const ShapeFound& shape) const {
    return std::ranges::any_of(found_, [&](const ShapeFound& known) {
      return known.shape == shape.shape && known.target == shape.target &&
             known.port == shape.port && known.protocol == shape.protocol;
    });
  }

  template <typename T>
  static std::uint32_t distinct(std::vector<T>& values) {
    std::ranges::sort(values);
    const auto rest = std::ranges::unique(values);
    return static_cast<std::uint32_t>(values.size() - rest.size());
  }

  std::span<const ScanProbe> probes_;
  std::uint32_t now_;
  bool outside_;
  const ScanOptions& options_;
  std::vector<ShapeFound> found_;
};

}  // namespace

std::vector<ShapeFound> shapes_of(const ProbeSet& set, std::uint32_t now, bool outside,
                                  const ScanOptions& options) {
  return Look(set, now, outside, options).all();
}

}  // namespace netprobe
