// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/flow.h"
#include "query/evaluate.h"

namespace netprobe {

/// Answers a query with `every` from live flows: of what they gained in each step of
/// the wall clock, as history would from its records. Not thread-safe.
class LiveWindows {
 public:
  struct Window {
    Micros begin = 0;  ///< wall
    Micros end = 0;
    QueryAnswer answer;
    std::uint64_t left_out = 0;  ///< changes of flows for which there was no room
  };

  /// `query`: with `every`; its own time range is not looked at. `now`: wall; what
  /// flows had before is nobody's. `max_flows`: that change in one window.
  LiveWindows(Query query, std::string node, Nanos now, std::size_t max_flows = 32'768);

  /// Takes flows as they stood at `seen` (wall).
  void add(const std::vector<Flow>& flows, Nanos seen);
  /// The windows that have ended by `now`, in order; also those in which nothing was.
  [[nodiscard]] std::vector<Window> close(Nanos now);

  /// Is the query one that can be answered so?
  [[nodiscard]] static std::expected<void, QueryFailure> check(const Query& query);

 private:
  /// What a flow had when it was last asked for.
  struct Had {
    Counters forward;
    Counters reverse;
    TcpTrouble client_trouble;
    TcpTrouble server_trouble;
    bool handshake = false;
    bool told = false;  ///< that it began
    Micros seen = 0;
  };
  struct Change {
    FlowRecord now;  ///< as it stands
    Had before;
    bool gone = false;
  };

  void add(const Flow& flow, Micros seen);
  void merge(std::uint64_t from, std::uint64_t into);
  [[nodiscard]] Window close_one(Micros begin);
  void forget(Micros now);

  Query query_;
  std::string node_;
  Micros started_;
  Micros begin_;  ///< of the window that is open
  std::size_t max_flows_;
  std::uint64_t left_out_ = 0;
  boost::unordered_flat_map<std::uint64_t, Had> known_;
  std::unordered_map<std::uint64_t, Change> changes_;  ///< in this window
};

}  // namespace netprobe
