// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "agent/signal_loop.h"
#include "analysis/loss/loss_locator.h"
#include "base/mutex.h"
#include "flow/flow_table.h"
#include "io/link_watcher.h"
#include "model/interface.h"

namespace netprobe {

/// Loss localisation as the data thread runs it: what the node looks like,
/// flows after each sweep, and drops as they come from the signal thread.
class LossStage final : public LossSurroundings {
 public:
  /// All of it outlives this.
  LossStage(FlowTable& table, const LinkWatcher& links, SignalLoop& signals);
  ~LossStage() override;
  LossStage(const LossStage&) = delete;
  LossStage& operator=(const LossStage&) = delete;

  /// Both hooks are attached, or not any more.
  void on_watched(std::uint32_t ifindex, Nanos now) { watched_[ifindex] = now; }
  void on_unwatched(std::uint32_t ifindex) { watched_.erase(ifindex); }

  using CountersOf = std::function<DeviceCounters(std::uint32_t, Direction)>;
  /// After a sweep, whose counters `counters` reads.
  void pass(Nanos now, Nanos wall, const CountersOf& counters);
  /// Drops that came with a reader's request.
  void on_signals(const SignalsPtr& signals);

  [[nodiscard]] LossReport report() const { return locator_.report(); }
  void annotate(std::vector<Flow>& flows) const { locator_.annotate(flows); }

  [[nodiscard]] const LossInterface* interface(std::uint32_t ifindex) const override;
  [[nodiscard]] bool is_local(const IpAddress& address) const override;
  [[nodiscard]] std::uint64_t netns() const override { return netns_; }
  [[nodiscard]] std::uint64_t unwatched() const override { return unwatched_; }

 private:
  struct Known {
    LossInterface interface;
    std::array<std::uint64_t, 2> unattributed{};
  };
  /// Where the signal thread leaves what it was asked for; it may come after
  /// this stage has gone.
  struct Mailbox {
    Mutex mutex;
    SignalsPtr signals NETPROBE_GUARDED_BY(mutex);
  };
  void look_around(Nanos now, const CountersOf& counters);
  void ask_for_drops(Nanos now);

  FlowTable& table_;
  const LinkWatcher& links_;
  SignalLoop& signals_;
  boost::unordered_flat_map<std::uint32_t, Known> around_;
  boost::unordered_flat_map<std::uint32_t, Nanos> watched_;
  std::uint64_t unwatched_ = 0;
  std::uint64_t netns_ = 0;
  LossLocator locator_;
  std::shared_ptr<Mailbox> mail_ = std::make_shared<Mailbox>();
  Nanos last_question_ = 0;
  std::uint64_t newest_drops_ = 0;  ///< sequence of the signals
};

}  // namespace netprobe
