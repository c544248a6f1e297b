// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "model/block.h"
#include "model/response.h"
#include "response/audit_log.h"
#include "response/block_policy.h"

namespace netprobe {

/// The keeper of blocks and limits: says what may be done, has it done, and writes it
/// down. docs/response.md. Safe from every thread; a call waits for the disk.
class BlockList {
 public:
  /// Reads the trail at `audit_path` and has again in force what was, and is not over.
  /// What is on the allow list by now is not. `clock` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<BlockList>> open(std::shared_ptr<BlockPlane> plane,
                                                               const std::string& audit_path,
                                                               const BlockCaps& caps,
                                                               std::vector<AllowedNetwork> allowed,
                                                               const Clock& clock);

  /// Blocks it, or changes the block that there is for the same prefix. kUsage: must not
  /// be; kBusy: no room or too many a minute.
  [[nodiscard]] Result<BlockRecord> block(const BlockRequest& request) NETPROBE_EXCLUDES(mutex_);
  /// kNotFound: it is not blocked, or not by itself.
  [[nodiscard]] Status unblock(const std::string& what, const std::string& who,
                               const std::string& reason) NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] Result<LimitRecord> limit(const LimitRequest& asked) NETPROBE_EXCLUDES(mutex_);
  /// By address, port and side.
  [[nodiscard]] Status unlimit(const PlaneLimit& limit, const std::string& who,
                               const std::string& reason) NETPROBE_EXCLUDES(mutex_);
  /// Ends everything: blocks, limits, the feed. It is done even where it cannot be
  /// written down; the error then says so.
  [[nodiscard]] Status clear(const std::string& who, const std::string& reason)
      NETPROBE_EXCLUDES(mutex_, feed_mutex_);
  /// A whole list in place of the one before. It is not restored after a restart: whoever
  /// has the list loads it again.
  [[nodiscard]] Result<FeedOutcome> load_feed(const std::string& name,
                                              std::span<const IpPrefix> networks, BlockMode mode,
                                              Nanos lasting, const std::string& who)
      NETPROBE_EXCLUDES(mutex_, feed_mutex_);
  [[nodiscard]] Status drop_feed(const std::string& who, const std::string& reason)
      NETPROBE_EXCLUDES(mutex_, feed_mutex_);
  /// In place of the one before. Blocks that touch it end.
  [[nodiscard]] Status set_allowed(std::vector<AllowedNetwork> allowed, const std::string& who)
      NETPROBE_EXCLUDES(mutex_);

  /// In order of the prefix, with what they matched.
  [[nodiscard]] std::vector<BlockRecord> blocks() const NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<LimitRecord> limits() const NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<AllowedNetwork> allowed() const NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] BlockListStatus status() const NETPROBE_EXCLUDES(mutex_);
  /// Every second: forgets what is over, and keeps the plane tidy.
  void tick() NETPROBE_EXCLUDES(mutex_);

 private:
  using LimitKey = std::tuple<IpAddress, std::uint16_t, LimitSide>;
  BlockList(std::shared_ptr<BlockPlane> plane, const std::string& audit_path, const BlockCaps& caps,
            const Clock& clock)
      : plane_(std::move(plane)),
        caps_(caps),
        clock_(clock),
        audit_(audit_path),
        minute_(caps.a_minute) {}
  [[nodiscard]] Status restore() NETPROBE_REQUIRES(mutex_);
  void replay(const AuditLine& line) NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] Status check_rate() NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] Status check(const BlockRequest& request, const IpPrefix& what)
      NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] Status check(const LimitRequest& request) NETPROBE_REQUIRES(mutex_);
  /// Counts it, writes it down as far as that goes, and hands it on.
  std::unexpected<Error> refuse(Refusal why, AuditLine line, Error error) NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] Status write(std::vector<AuditLine> lines) NETPROBE_REQUIRES(mutex_);
  /// The same where nothing hangs on it: failures are counted.
  void note(std::vector<AuditLine> lines) NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] std::vector<AuditLine> in_force() const NETPROBE_REQUIRES(mutex_);

  const std::shared_ptr<BlockPlane> plane_;
  const BlockCaps caps_;
  const Clock& clock_;
  mutable Mutex feed_mutex_;  ///< one list at a time; before mutex_
  mutable Mutex mutex_;
  AuditLog audit_ NETPROBE_GUARDED_BY(mutex_);
  AllowList allowed_ NETPROBE_GUARDED_BY(mutex_);
  MinuteCap minute_ NETPROBE_GUARDED_BY(mutex_);
  std::map<IpPrefix, BlockRecord> blocks_ NETPROBE_GUARDED_BY(mutex_);
  std::map<LimitKey, LimitRecord> limits_ NETPROBE_GUARDED_BY(mutex_);
  BlockListStatus status_ NETPROBE_GUARDED_BY(mutex_);
  bool too_fast_said_ NETPROBE_GUARDED_BY(mutex_) = false;
};

/// A block's line of the audit trail, and a limit's.
[[nodiscard]] AuditLine audit_line_of(std::string action, const BlockRecord& record, Nanos now);
[[nodiscard]] AuditLine audit_line_of(std::string action, const LimitRecord& record, Nanos now);

}  // namespace netprobe
