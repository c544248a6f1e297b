// SPDX-License-Identifier: Apache-2.0
// What is in force again after a restart: the audit trail, played from its beginning.
#include <spdlog/spdlog.h>

#include "response/block_list.h"

namespace netprobe {

Result<std::unique_ptr<BlockList>> BlockList::open(std::shared_ptr<BlockPlane> plane,
                                                   const std::string& audit_path,
                                                   const BlockCaps& caps,
                                                   std::vector<AllowedNetwork> allowed,
                                                   const Clock& clock) {
  std::vector<IpPrefix> networks;
  for (const AllowedNetwork& each : allowed) networks.push_back(each.network);
  // Before the first block: whom it must not touch.
  if (auto s = plane->allow(networks); !s) return std::unexpected(s.error());
  std::unique_ptr<BlockList> list(new BlockList(std::move(plane), audit_path, caps, clock));
  const MutexLock lock(list->mutex_);
  list->allowed_ = AllowList(std::move(allowed));
  if (auto s = list->restore(); !s) return std::unexpected(s.error());
  return list;
}

void BlockList::replay(const AuditLine& line) {
  if (line.result != "ok") return;
  if (line.action == "clear") {
    blocks_.clear();
    limits_.clear();
    return;
  }
  const LimitKey key{line.limit.address, line.limit.port, line.limit.side};
  if (line.action == "limit" || line.action == "keep-limit") {
    limits_[key] = {.limit = line.limit,
                    .reason = line.reason,
                    .who = line.who,
                    .since = line.time,
                    .until = line.until};
    return;
  }
  if (line.action == "unlimit" || line.action == "expire-limit") {
    limits_.erase(key);
    return;
  }
  const auto what = IpPrefix::parse(line.what);
  if (!what) return;
  if (line.action == "block" || line.action == "keep") {
    blocks_[*what] = {.what = *what,
                      .mode = line.mode,
                      .reason = line.reason,
                      .who = line.who,
                      .since = line.time,
                      .until = line.until};
  } else if (line.action == "unblock" || line.action == "expire") {
    blocks_.erase(*what);
  }
}

Status BlockList::restore() {
  std::size_t damaged = 0;
  auto lines = audit_.read(damaged);
  if (!lines) return std::unexpected(lines.error());
  status_.audit_damaged = damaged;
  if (damaged > 0)
    spdlog::warn("{} lines of the audit trail {} cannot be read", damaged, audit_.path());
  for (const AuditLine& line : *lines) replay(line);
  if (caps_.dry_run_only) {
    for (auto& [what, record] : blocks_) record.mode = BlockMode::kDryRun;
    for (auto& [key, record] : limits_) record.limit.mode = BlockMode::kDryRun;
  }
  const Nanos now = clock_.wall();
  std::vector<AuditLine> ended;
  const auto end = [&](AuditLine line, const std::string& why) {
    line.reason = why;
    line.who = "restart";
    ended.push_back(std::move(line));
    return true;
  };
  std::erase_if(blocks_, [&, this](const auto& each) NETPROBE_REQUIRES(mutex_) {
    const BlockRecord& record = each.second;
    const Nanos remaining = std::min(record.until - now, caps_.longest);
    if (remaining <= 0) return end(audit_line_of("expire", record, now), "over");
    // Of today's bounds and allow list, not those of the day it was made.
    if (auto s = check_block(record.what, allowed_, caps_); !s)
      return end(audit_line_of("unblock", record, now), s.error().message);
    if (auto s = plane_->put(
            PlaneBlock{.what = record.what, .mode = record.mode, .remaining = remaining});
        !s)
      return end(audit_line_of("unblock", record, now), s.error().message);
    return false;
  });
  std::erase_if(limits_, [&, this](auto& each) NETPROBE_REQUIRES(mutex_) {
    LimitRecord record = each.second;
    record.limit.remaining = std::min(record.until - now, caps_.longest);
    if (record.limit.remaining <= 0) return end(audit_line_of("expire-limit", record, now), "over");
    auto s = check_limit(record.limit, allowed_);
    if (s) s = plane_->put(record.limit);
    if (!s) return end(audit_line_of("unlimit", record, now), s.error().message);
    return false;
  });
  if (!ended.empty()) note(std::move(ended));
  return {};
}

std::vector<AuditLine> BlockList::in_force() const {
  const Nanos now = clock_.wall();
  std::vector<AuditLine> lines;
  for (const auto& [what, record] : blocks_) {
    lines.push_back(audit_line_of("keep", record, record.since));
    lines.back().time = std::min(record.since, now);
  }
  for (const auto& [key, record] : limits_)
    lines.push_back(audit_line_of("keep-limit", record, record.since));
  return lines;
}

}  // namespace netprobe
