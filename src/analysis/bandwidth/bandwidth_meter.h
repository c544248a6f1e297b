// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
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
  /// Busy links looked at in one call of sample() at most, and idle ones. As
  /// long as there are no more links than the first all are, every time.
  static constexpr std::size_t kMostBusy = 64;
  static constexpr std::size_t kMostIdle = 32;
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
    std::uint32_t ifindex = 0;
    bool busy = false;  ///< in busy_
    LinkMeter rx;
    LinkMeter tx;
    Nanos looked = 0;
  };
  void look(std::size_t position, Nanos now, const ReadBytes& read);
  void look_at_busy(Nanos now, const ReadBytes& read);
  void look_at_idle(Nanos now, const ReadBytes& read);

  std::vector<Link> links_;
  std::unordered_map<std::uint32_t, std::size_t> position_;  ///< in links_, by ifindex
  std::vector<std::size_t> busy_;  ///< positions of links that moved within the last second
  Nanos last_ = 0;
  std::size_t next_busy_ = 0;  ///< where the next turn begins, in busy_
  std::size_t next_idle_ = 0;  ///< and in links_
};

}  // namespace netprobe
