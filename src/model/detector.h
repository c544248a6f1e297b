// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "model/address_watchlist.h"
#include "model/dns.h"
#include "model/finding.h"
#include "model/history.h"
#include "model/neighbour.h"

namespace netprobe {

/// Looks for one kind of trouble. A pure function of the records that it is given and of
/// the time that it is told: it reads no clock, no file and no other state, so that a day
/// can be replayed in a second, and gives the same findings again. One thread.
///
/// Records come about once a second, each what a flow gained since the one before; the
/// first of a flow has `began`, the last `ended`. Flags are all that were seen so far.
/// What a flow is may become known later: a SYN may be told in one second and its answer
/// in the next. Times may go back a little between flows, and clocks may step.
///
/// Memory is bounded whatever comes: fixed room, the oldest or least forgotten, and what
/// had no room is counted. Work for a record is constant; most are of no interest and are
/// left at the first comparison.
class Detector {
 public:
  virtual ~Detector() = default;
  /// "port_scan": its switch in the configuration, and in metrics.
  [[nodiscard]] virtual std::string_view name() const = 0;
  virtual void on_flow(const FlowRecord& /*record*/) {}
  virtual void on_connection(const ConnectionEvent& /*record*/) {}
  /// A DNS message, each once at however many interfaces it was seen; questions and answers
  /// apart. Of a flood some are missing (probes/dns).
  virtual void on_dns(const DnsMessage& /*message*/) {}
  /// Somebody on a link claims an address, likewise once on each link.
  virtual void on_neighbour(const NeighbourClaim& /*claim*/) {}
  /// All records up to `now` (wall) were given: once a second or so. Tells what there is to
  /// tell; work is bounded here, too.
  virtual void tick(Micros now, const FindingSink& found) = 0;
  /// Heap that it holds, estimated.
  [[nodiscard]] virtual std::size_t bytes() const = 0;
  /// Of one that asks lists.
  [[nodiscard]] virtual std::vector<WatchlistStatus> watchlists() const { return {}; }
  /// Networks of the cluster, as they are known by now, in place of those before: for
  /// addresses that have no name (yet).
  virtual void set_inside(const std::vector<IpPrefix>& /*inside*/) {}
  /// What it has learnt, for a later start; replaces `out`. Nothing: it learns nothing.
  virtual void save(std::string& /*out*/) {}
  /// Where it fails nothing is known, and learning starts anew. Before the first record.
  [[nodiscard]] virtual Status load(std::string_view /*saved*/) { return {}; }
  /// Records or sources for which there was no room.
  [[nodiscard]] virtual std::uint64_t not_followed() const { return 0; }
};

}  // namespace netprobe
