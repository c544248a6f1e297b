// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "analysis/loss/path.h"
#include "analysis/loss/settling.h"
#include "model/flow.h"

namespace netprobe {

/// Counters from which losses are counted where a flow is older than what
/// watches it. What left is read first and what entered a pass later, so that
/// packets in between make the loss look smaller, never larger. What left is
/// the smaller of two readings: points that are read at different moments can
/// make it look larger than it is.
struct Base {
  std::uint64_t entered = 0;
  std::uint64_t left = 0;
};

enum class Begin : std::uint8_t {
  kAtFirstPacket,  ///< every point saw the flow from its first packet on
  kLeftTaken,      ///< Base::left is there, and is looked at once more
  kLeftSure,       ///< Base::entered comes with the next pass
  kAtBase,
};

/// A flow with a deficit somewhere.
struct Followed {
  FlowTuple tuple;
  FlowTuple translated;
  FlowTuple ends;  ///< where packets really come from and go to
  bool nat = false;
  bool usable = true;   ///< what was said of it last can be compared
  bool wanted = false;  ///< drops tell of it
  bool remade = false;  ///< a proxy or the like makes its packets anew
  Begin begin = Begin::kAtFirstPacket;
  Nanos since = 0;      ///< counters are comparable from here
  Nanos disturbed = 0;  ///< newest thing that spoils older counters
  Nanos read = 0;       ///< last pass
  std::array<Path, 2> path;
  std::array<std::array<Base, kPassages>, 2> base{};
  std::array<std::array<Settling, kPassages>, 2> settling{};
  /// Packets found lost since `base`.
  std::array<std::array<std::uint64_t, kPassages>, 2> found{};
  bool lost_any = false;
};

}  // namespace netprobe
