// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "analysis/bandwidth/link_meter.h"
#include "base/clock.h"
#include "model/interface.h"

namespace netprobe {

/// Link-layer bytes of one interface so far.
struct LinkBytes {
  std::uint64_t rx = 0;
  std::uint64_t tx = 0;
};

/// The meters of all links, and when each is looked at: busy links every time,
/// the others in turn, so that many of them cost no more than a few. Pure: it
/// asks for counters by a function. One thread.
class BandwidthMeter {
 public:
  /// Links looked at in one call of sample() at most.
  static constexpr std::size_t kBudget = 128;
  /// sample() does nothing more often than this.
  static constexpr Nanos kEvery = 9 * kMillisecond;
  using ReadBytes = std::function<LinkBytes(std::uint32_t ifindex)>;

  /// A link is there from now on, or has another speed (bits per second; 0
  /// without one).
  void set_link(std::uint32_t ifindex, std::uint64_t speed);
  void forget(std::uint32_t ifindex);

  void sample(Nanos now, const ReadBytes& read);
  /// The interval ends: looks at every link.
  void close_interval(Nanos now, const ReadBytes& read);

  struct Use {
    LinkUse rx;
    LinkUse tx;
  };
  /// Of the last interval that was closed; empty for links that are not known.
  [[nodiscard]] Use use(std::uint32_t ifindex) const;

 private:
  struct Link {
    LinkMeter rx;
    LinkMeter tx;
    Nanos looked = 0;
    [[nodiscard]] bool active() const { return rx.active() || tx.active(); }
  };
  using Links = std::map<std::uint32_t, Link>;
  static void look(Links::value_type& link, Nanos now, const ReadBytes& read);
  void look_in_turn(Nanos now, const ReadBytes& read, bool active, std::size_t most,
                    std::uint32_t& from);

  Links links_;
  Nanos last_ = 0;
  std::uint32_t next_active_ = 0;  ///< ifindexes where the next turn begins
  std::uint32_t next_idle_ = 0;
};

}  // namespace netprobe
