// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "analysis/loss/loss_locator.h"

namespace netprobe::testing {

/// A node as Flannel makes it, with interfaces by these numbers.
enum Device : std::uint32_t { kEth0 = 2, kVx0, kCni0, kVethA, kVethB, kEth1, kLo };

inline IpAddress address(const char* text) { return *IpAddress::parse(text); }

class Node final : public LossSurroundings {
 public:
  Node() {
    add(kEth0, "eth0", Role::kUplink);
    add(kEth1, "eth1", Role::kUplink);
    add(kVx0, "vx0", Role::kTunnel);
    add(kCni0, "cni0", Role::kBridge).bridge = true;
    add(kVethA, "vetha", Role::kPod).master = kCni0;
    add(kVethB, "vethb", Role::kPod).master = kCni0;
    add(kLo, "lo", Role::kLoopback);
    local = {address("10.244.0.1"), address("192.0.2.1")};
  }
  LossInterface& add(std::uint32_t ifindex, const char* name, Role role) {
    LossInterface& interface = interfaces[ifindex];
    interface.name = name;
    interface.role = role;
    interface.watched_since = kSecond;
    return interface;
  }
  [[nodiscard]] const LossInterface* interface(std::uint32_t ifindex) const override {
    const auto found = interfaces.find(ifindex);
    return found == interfaces.end() ? nullptr : &found->second;
  }
  [[nodiscard]] bool is_local(const IpAddress& address) const override {
    return local.contains(address);
  }
  [[nodiscard]] std::uint64_t unwatched() const override { return not_watched; }

  [[nodiscard]] std::uint64_t netns() const override { return 4026531840; }

  std::map<std::uint32_t, LossInterface> interfaces;
  std::set<IpAddress> local;
  std::uint64_t not_watched = 0;
};

/// One place where a packet is seen.
struct Step {
  std::uint32_t device;
  Direction direction;
  std::uint8_t depth = 0;
};
using Way = std::vector<Step>;

inline constexpr auto kIn = Direction::kIngress;
inline constexpr auto kOut = Direction::kEgress;
inline const Way kPodToPod{{kVethA, kIn}, {kVethB, kOut}};
inline const Way kPodToNode{{kVethA, kIn}, {kCni0, kIn}, {kVx0, kOut}, {kEth0, kOut, 1}};
inline const Way kNodeToPod{{kEth0, kIn, 1}, {kVx0, kIn}, {kCni0, kOut}, {kVethB, kOut}};
inline const Way kPodToPodRouted{{kVethA, kIn}, {kCni0, kIn}, {kCni0, kOut}, {kVethB, kOut}};
inline const Way kHostToPod{{kCni0, kOut}, {kVethB, kOut}};
inline const Way kHostToNode{{kVx0, kOut}, {kEth0, kOut, 1}};
inline const Way kForwarded{{kEth0, kIn}, {kEth1, kOut}};
inline const Way kOutside{{kVethA, kIn}, {kCni0, kIn}, {kEth1, kOut}};
inline const Way kLoop{{kLo, kOut}, {kLo, kIn}};

/// A flow whose counters a test sets, and hands over as the table does.
class TestFlow {
 public:
  explicit TestFlow(std::uint64_t id, const Node& node) : node_(&node) {
    flow.id = id;
    flow.tuple = {address("10.244.1.1"), address("10.250.0.2"), 40000, 9, kProtoUdp};
    flow.first = 10 * kSecond;
  }
  /// Where packets of `side` go. Both sides may share points.
  void set_way(std::size_t side, const Way& way) {
    for (const Step& step : way) ways_[side].push_back(point(step));
  }
  /// `count` packets pass the first `steps` points of the way and are lost, or
  /// arrive where that is all.
  void pass(std::size_t side, std::uint64_t count, std::size_t steps) {
    for (std::size_t i = 0; i < steps; ++i) points_[ways_[side][i]].packets[side] += count;
  }
  void arrive(std::size_t side, std::uint64_t count) { pass(side, count, ways_[side].size()); }
  PointCount& at(std::size_t side, std::size_t step) { return points_[ways_[side][step]]; }
  [[nodiscard]] std::size_t steps(std::size_t side) const { return ways_[side].size(); }

  void hand_to(FlowPointsSink& sink) {
    for (std::size_t i = 0; i < points_.size(); ++i) {
      for (std::size_t side = 0; side < 2; ++side)
        points_[i].moved[side] = points_[i].packets[side] != handed_[i][side];
      handed_[i] = points_[i].packets;
    }
    flow.points = points_;
    sink.on_points(flow);
  }
  FlowPoints flow;

 private:
  std::size_t point(const Step& step) {
    for (std::size_t i = 0; i < points_.size(); ++i)
      if (points_[i].ifindex == step.device && points_[i].direction == step.direction &&
          points_[i].depth == step.depth)
        return i;
    PointCount& fresh = points_.emplace_back();
    fresh.ifindex = step.device;
    fresh.direction = step.direction;
    fresh.depth = step.depth;
    handed_.emplace_back();
    fresh.role = node_->interface(step.device)->role;
    return points_.size() - 1;
  }
  const Node* node_;
  std::vector<PointCount> points_;
  std::vector<std::array<std::uint64_t, 2>> handed_;
  std::array<std::vector<std::size_t>, 2> ways_;
};

}  // namespace netprobe::testing
