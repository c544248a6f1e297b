// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/clock.h"
#include "model/flow.h"

namespace netprobe {

/// How often a flow was counted at one observation point. Index 0 is the
/// direction of FlowPoints::tuple, 1 the other.
struct PointCount {
  std::uint32_t ifindex = 0;
  Role role = Role::kHost;
  Direction direction = Direction::kIngress;
  std::uint8_t depth = 0;                  ///< as Observation::depth
  std::array<std::uint64_t, 2> packets{};  ///< wire packets
  std::array<std::uint64_t, 2> resets{};   ///< those of them with RST
  std::array<bool, 2> moved{};             ///< it grew since it was handed over last
};

/// A flow at all its points, as the flow table has it right now. A view: valid
/// only while it is handed over.
struct FlowPoints {
  std::uint64_t id = 0;
  FlowTuple tuple;             ///< of either side; index 0 below
  bool nat = false;            ///< then `tuple` is what the side that began it says
  FlowTuple translated;        ///< what the other side sees, in the same direction
  std::uint8_t initiator = 0;  ///< where nat: index of the side that began it
  Nanos first = 0;             ///< first packet at any point, monotonic
  bool fragments = false;      ///< some of its packets were fragments
  bool no_ports = false;       ///< fragments whose flow is not known
  bool incomplete = false;     ///< packets of it may have been counted in another flow
  std::span<const PointCount> points;
};

/// Takes flows whose counters changed. Called on the data thread.
class FlowPointsSink {
 public:
  virtual ~FlowPointsSink() = default;
  virtual void on_points(const FlowPoints& flow) = 0;
  /// No more will come of this flow.
  virtual void on_points_end(std::uint64_t id) = 0;
};

}  // namespace netprobe
