// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "model/block.h"

namespace netprobe {

/// What somebody asks for: `netprobe block`, an alert, a file.
struct BlockRequest {
  std::string what;    ///< an address or a prefix
  std::string reason;  ///< required
  std::string who;     ///< required: a user, "alert 17"
  Nanos lasting = 0;   ///< required, at most BlockCaps::longest
  BlockMode mode = BlockMode::kDryRun;
};

struct BlockRecord {
  IpPrefix what;
  BlockMode mode = BlockMode::kDryRun;
  std::string reason;
  std::string who;
  Nanos since = 0;            ///< wall
  Nanos until = 0;            ///< wall
  std::uint64_t packets = 0;  ///< that it matched, dropped or not
  std::uint64_t bytes = 0;
};

struct LimitRequest {
  PlaneLimit limit;  ///< `remaining` is how long it is to last
  std::string reason;
  std::string who;
};

struct LimitRecord {
  PlaneLimit limit;
  std::string reason;
  std::string who;
  Nanos since = 0;  ///< wall
  Nanos until = 0;  ///< wall
};

/// A network that can never be blocked, and why: "API server", "node w-2".
struct AllowedNetwork {
  IpPrefix network;
  std::string reason;
};

/// What one can ask for at most.
struct BlockCaps {
  Nanos longest = 7 * 24 * 3'600 * kSecond;
  std::size_t entries = 10'000;  ///< blocks one by one; a feed has its own room
  std::size_t limits = 1'000;
  std::size_t a_minute = 60;  ///< blocks and limits, refused ones too
  int widest_v4 = 16;         ///< shortest prefix
  int widest_v6 = 32;
  std::size_t text = 256;  ///< bytes of a reason or a name
};

/// Whom a whole list kept and whom not.
struct FeedOutcome {
  std::size_t loaded = 0;
  std::size_t repeated = 0;
  std::size_t refused = 0;
  /// Of the first few that were refused: a sentence each.
  std::vector<std::string> why;
};

}  // namespace netprobe
