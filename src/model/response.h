// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "base/result.h"
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
  /// Whatever is asked for, and whatever was in force before, is a dry run.
  bool dry_run_only = false;
};

/// Whom a whole list kept and whom not.
struct FeedOutcome {
  std::size_t loaded = 0;
  std::size_t repeated = 0;
  std::size_t refused = 0;
  /// Of the first few that were refused: a sentence each.
  std::vector<std::string> why;
};

/// Why requests were refused: names of a metric's label.
enum class Refusal : std::uint8_t { kBadRequest, kTooMany, kTooFast, kFull, kAudit, kKernel };
inline constexpr std::array<std::string_view, 6> kRefusals{"bad_request", "too_many", "too_fast",
                                                           "full",        "audit",    "kernel"};

/// For status and metrics.
struct BlockListStatus {
  std::size_t blocks = 0;
  std::size_t limits = 0;
  std::size_t allowed = 0;
  std::array<std::size_t, 2> blocks_by_mode{};  ///< by BlockMode
  std::array<std::size_t, 2> limits_by_mode{};
  BlockCaps caps;
  PlaneRoom room;
  PlaneCounters counters;
  std::string feed;  ///< name; empty without
  BlockMode feed_mode = BlockMode::kDryRun;
  std::size_t feed_entries = 0;
  std::size_t feed_refused = 0;
  std::vector<std::string> feed_why;  ///< of the first that were refused: a sentence each
  Nanos feed_until = 0;               ///< wall
  std::array<std::uint64_t, kRefusals.size()> refused{};
  std::uint64_t audit_errors = 0;   ///< changes that were made and could not be written down
  std::uint64_t audit_damaged = 0;  ///< lines that could not be read at the start
};

enum class ResponseMode : std::uint8_t { kOff, kDryRun, kEnforce };
/// "off", "dry-run", "enforce".
[[nodiscard]] constexpr std::string_view to_string(ResponseMode mode) {
  return mode == ResponseMode::kOff ? "off" : mode == ResponseMode::kDryRun ? "dry-run" : "enforce";
}

/// Everything that there is to tell of blocks, as of one moment.
struct ResponseReport {
  ResponseMode mode = ResponseMode::kOff;  ///< what is done now
  std::string why;                         ///< off: why, and the way out
  std::vector<BlockRecord> blocks;         ///< in order of the prefix
  std::vector<LimitRecord> limits;         ///< in order of address, port and side
  std::vector<AllowedNetwork> allowed;
  BlockListStatus status;
};

/// Who carries out what is asked of blocks, whoever asks. Calls wait for the disk: not
/// from a thread that others wait for. Safe from every thread. Errors: kUsage must not be,
/// kBusy no room or too many a minute, kNotFound not blocked, kUnsupported it is off.
class Responder {
 public:
  virtual ~Responder() = default;
  /// Without lists: the mode, why, and status as of a second ago. Waits for nothing.
  [[nodiscard]] virtual ResponseReport brief() const = 0;
  [[nodiscard]] virtual ResponseReport report() const = 0;
  [[nodiscard]] virtual Result<BlockRecord> block(const BlockRequest& request) = 0;
  [[nodiscard]] virtual Status unblock(const std::string& what, const std::string& who,
                                       const std::string& reason) = 0;
  [[nodiscard]] virtual Result<LimitRecord> limit(const LimitRequest& request) = 0;
  [[nodiscard]] virtual Status unlimit(const PlaneLimit& limit, const std::string& who,
                                       const std::string& reason) = 0;
  /// Ends everything, lists too.
  [[nodiscard]] virtual Status clear(const std::string& who, const std::string& reason) = 0;
  /// From now on this address is not blocked: somebody works from there. An error where
  /// that cannot be had: then nothing must be blocked for whoever works there.
  [[nodiscard]] virtual Status protect(const IpAddress& address, const std::string& reason) = 0;
};

}  // namespace netprobe
