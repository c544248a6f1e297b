// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "analysis/loss/surroundings.h"
#include "model/drop.h"
#include "model/flow_points.h"
#include "model/loss.h"

namespace netprobe {

struct LossOptions {
  std::size_t max_followed = 4096;  ///< flows with a deficit that are watched
  std::size_t max_losses = 4096;    ///< losses that are kept one by one
};

/// Finds packets that entered the way between two neighbouring observation
/// points and never left it. Pure: sees only what it is handed, and time only
/// as an argument. docs/losses.md defines what it compares and when.
///
/// A pass is begin_pass(), on_points() for the flows that changed, end_pass();
/// one follows each sweep of the flow cache.
class LossLocator final : public FlowPointsSink {
 public:
  LossLocator(LossOptions options, const LossSurroundings& surroundings);
  ~LossLocator() override;
  LossLocator(const LossLocator&) = delete;
  LossLocator& operator=(const LossLocator&) = delete;

  void begin_pass(Nanos now, Nanos wall);
  void on_points(const FlowPoints& flow) override;
  void on_points_end(std::uint64_t id) override;
  void end_pass();

  /// What was dropped, newest state of all records. Explains losses, and makes
  /// sure of deficits that could still be packets on their way.
  void on_drops(const DropReport& drops);
  /// Something was lost a short while ago: drops are wanted soon.
  [[nodiscard]] bool losing() const;
  /// Canonical tuples of flows that drops tell of without a loss: they should
  /// be handed over to on_points() in the pass that has begun.
  [[nodiscard]] std::vector<FlowTuple> take_wanted();

  /// Losses that grew since the last call: flow and its tuple.
  struct Grown {
    std::uint64_t flow_id = 0;
    FlowTuple tuple;
  };
  [[nodiscard]] std::vector<Grown> take_grown();

  [[nodiscard]] LossReport report() const;
  /// Puts each flow's losses into it.
  void annotate(std::vector<Flow>& flows) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace netprobe
