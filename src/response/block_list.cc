// SPDX-License-Identifier: Apache-2.0
#include "response/block_list.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>

namespace netprobe {

AuditLine audit_line_of(std::string action, const BlockRecord& record, Nanos now) {
  AuditLine line;
  line.time = now;
  line.action = std::move(action);
  line.what = record.what.to_string();
  line.who = record.who;
  line.reason = record.reason;
  line.mode = record.mode;
  line.until = record.until;
  return line;
}

AuditLine audit_line_of(std::string action, const LimitRecord& record, Nanos now) {
  AuditLine line;
  line.time = now;
  line.action = std::move(action);
  line.what = record.limit.address.to_string();
  line.who = record.who;
  line.reason = record.reason;
  line.mode = record.limit.mode;
  line.until = record.until;
  line.limit = record.limit;
  return line;
}

Status BlockList::write(std::vector<AuditLine> lines) {
  auto status = audit_.append(lines);
  if (status && audit_.is_full())
    if (auto s = audit_.rotate(in_force()); !s) spdlog::warn("{}", s.error().message);
  return status;
}

void BlockList::note(std::vector<AuditLine> lines) {
  if (auto s = write(std::move(lines)); !s) {
    ++status_.audit_errors;
    spdlog::warn("{}", s.error().message);
  }
}

std::unexpected<Error> BlockList::refuse(Refusal why, AuditLine line, Error error) {
  ++status_.refused[static_cast<std::size_t>(why)];
  line.result = error.message;
  // Who asks without end does not fill the disk: of those, the first is written.
  const bool silent = why == Refusal::kTooFast && too_fast_said_;
  too_fast_said_ = why == Refusal::kTooFast;
  if (!silent && why != Refusal::kAudit) note({std::move(line)});
  return std::unexpected(std::move(error));
}

Status BlockList::check_rate() {
  if (minute_.take(clock_.monotonic())) return {};
  return std::unexpected(
      Error{fmt::format("more than {} blocks a minute were asked for: this one is not made; "
                        "wait a minute",
                        caps_.a_minute),
            ErrorKind::kBusy, EAGAIN});
}

Status BlockList::check(const BlockRequest& request, const IpPrefix& what) {
  if (auto s = check_words(request.reason, request.who, request.lasting, caps_); !s) return s;
  if (auto s = check_block(what, allowed_, caps_); !s) return s;
  if (!blocks_.contains(what) && blocks_.size() >= caps_.entries) {
    return fail(fmt::format("{} are blocked, as many as may be: unblock one before {}",
                            caps_.entries, what.to_string()),
                ErrorKind::kBusy);
  }
  return {};
}

Result<BlockRecord> BlockList::block(const BlockRequest& request) {
  const auto what = IpPrefix::parse(request.what);
  const MutexLock lock(mutex_);
  const Nanos now = clock_.wall();
  BlockRecord record{.what = what ? *what : IpPrefix{},
                     .mode = caps_.dry_run_only ? BlockMode::kDryRun : request.mode,
                     .reason = request.reason.substr(0, caps_.text),
                     .who = request.who.substr(0, caps_.text),
                     .since = now,
                     .until = now + std::clamp<Nanos>(request.lasting, 0, caps_.longest)};
  AuditLine line = audit_line_of("block", record, now);
  if (!what) line.what = request.what.substr(0, caps_.text);
  if (auto s = check_rate(); !s) return refuse(Refusal::kTooFast, std::move(line), s.error());
  if (!what) return refuse(Refusal::kBadRequest, std::move(line), what.error());
  if (auto s = check(request, *what); !s) {
    const auto why = s.error().kind == ErrorKind::kBusy ? Refusal::kTooMany : Refusal::kBadRequest;
    return refuse(why, std::move(line), s.error());
  }
  const auto before = blocks_.find(*what);
  if (auto s = plane_->put(
          PlaneBlock{.what = record.what, .mode = record.mode, .remaining = request.lasting});
      !s) {
    const auto why = s.error().kind == ErrorKind::kBusy ? Refusal::kFull : Refusal::kKernel;
    return refuse(why, std::move(line), s.error());
  }
  // What nobody can look up later is not done.
  if (auto s = write({std::move(line)}); !s) {
    (void)plane_->remove(record.what);
    if (before != blocks_.end())
      (void)plane_->put(PlaneBlock{.what = record.what,
                                   .mode = before->second.mode,
                                   .remaining = before->second.until - now});
    return refuse(Refusal::kAudit, {}, s.error());
  }
  if (before != blocks_.end()) record.since = before->second.since;
  blocks_[*what] = record;
  return record;
}

Status BlockList::unblock(const std::string& text, const std::string& who,
                          const std::string& reason) {
  const auto what = IpPrefix::parse(text);
  if (!what) return std::unexpected(what.error());
  const MutexLock lock(mutex_);
  const auto found = blocks_.find(*what);
  if (found == blocks_.end()) {
    if (plane_->in_feed(*what)) {
      return fail(fmt::format("{} is blocked by the list '{}', not by itself: put it on the allow "
                              "list, or drop the list",
                              text, status_.feed),
                  ErrorKind::kNotFound);
    }
    for (const auto& [other, record] : blocks_)
      if (other.contains(what->network()) && other.bits() < what->bits())
        return fail(fmt::format("{} is not blocked by itself but in {}: unblock that", text,
                                other.to_string()),
                    ErrorKind::kNotFound);
    return fail(text + " is not blocked", ErrorKind::kNotFound);
  }
  if (auto s = plane_->remove(*what); !s) return s;
  AuditLine line = audit_line_of("unblock", found->second, clock_.wall());
  line.who = who;
  line.reason = reason;
  blocks_.erase(found);
  // It is done: a disk that is full must not keep anybody blocked.
  note({std::move(line)});
  return {};
}

Status BlockList::clear(const std::string& who, const std::string& reason) {
  // Not while a list is loaded: it would be there again when that is done.
  const MutexLock feed_lock(feed_mutex_);
  const MutexLock lock(mutex_);
  const auto status = plane_->clear();
  AuditLine line;
  line.time = clock_.wall();
  line.action = "clear";
  line.who = who;
  line.reason = reason;
  line.count = blocks_.size() + limits_.size() + status_.feed_entries;
  blocks_.clear();
  limits_.clear();
  status_.feed.clear();
  status_.feed_entries = 0;
  const auto written = write({std::move(line)});
  if (!written) ++status_.audit_errors;
  return status ? written : status;
}

Status BlockList::set_allowed(std::vector<AllowedNetwork> allowed, const std::string& who) {
  std::vector<IpPrefix> networks;
  for (const AllowedNetwork& each : allowed) networks.push_back(each.network);
  const MutexLock lock(mutex_);
  // The kernel first: from here on nothing of it is dropped.
  if (auto s = plane_->allow(networks); !s) return s;
  allowed_ = AllowList(std::move(allowed));
  std::vector<AuditLine> lines;
  std::erase_if(blocks_, [&, this](const auto& each) NETPROBE_REQUIRES(mutex_) {
    const AllowedNetwork* touched = allowed_.touched_by(each.first);
    if (touched == nullptr) return false;
    (void)plane_->remove(each.first);
    AuditLine line = audit_line_of("unblock", each.second, clock_.wall());
    line.who = who;
    line.reason = "now on the allow list: " + touched->reason;
    lines.push_back(std::move(line));
    return true;
  });
  std::erase_if(limits_, [&, this](const auto& each) NETPROBE_REQUIRES(mutex_) {
    const LimitRecord& record = each.second;
    const AllowedNetwork* touched =
        record.limit.side == LimitSide::kSource
            ? allowed_.touched_by(IpPrefix::of(record.limit.address, 128))
            : nullptr;
    if (touched == nullptr) return false;
    (void)plane_->remove_limit(record.limit);
    AuditLine line = audit_line_of("unlimit", record, clock_.wall());
    line.who = who;
    line.reason = "now on the allow list: " + touched->reason;
    lines.push_back(std::move(line));
    return true;
  });
  note(std::move(lines));
  return {};
}

std::vector<BlockRecord> BlockList::blocks() const {
  const auto counts = plane_->blocks();
  std::map<IpPrefix, const PlaneBlock*> by;
  for (const PlaneBlock& each : counts) by[each.what] = &each;
  const MutexLock lock(mutex_);
  std::vector<BlockRecord> result;
  const Nanos now = clock_.wall();
  for (const auto& [what, record] : blocks_) {
    if (record.until <= now) continue;
    result.push_back(record);
    if (const auto found = by.find(what); found != by.end()) {
      result.back().packets = found->second->packets;
      result.back().bytes = found->second->bytes;
    }
  }
  return result;
}

std::vector<AllowedNetwork> BlockList::allowed() const {
  const MutexLock lock(mutex_);
  return allowed_.networks();
}

BlockListStatus BlockList::status() const {
  const MutexLock lock(mutex_);
  BlockListStatus status = status_;
  status.blocks = blocks_.size();
  status.limits = limits_.size();
  for (const auto& [what, record] : blocks_)
    ++status.blocks_by_mode[static_cast<std::size_t>(record.mode)];
  for (const auto& [key, record] : limits_)
    ++status.limits_by_mode[static_cast<std::size_t>(record.limit.mode)];
  status.allowed = allowed_.networks().size();
  status.caps = caps_;
  status.room = plane_->room();
  status.counters = plane_->counters();
  return status;
}

void BlockList::tick() {
  {
    const MutexLock lock(mutex_);
    const Nanos now = clock_.wall();
    std::vector<AuditLine> lines;
    std::erase_if(blocks_, [&, this](const auto& each) {
      if (each.second.until > now) return false;
      (void)plane_->remove(each.first);
      lines.push_back(audit_line_of("expire", each.second, now));
      return true;
    });
    std::erase_if(limits_, [&, this](const auto& each) {
      if (each.second.until > now) return false;
      (void)plane_->remove_limit(each.second.limit);
      lines.push_back(audit_line_of("expire-limit", each.second, now));
      return true;
    });
    if (!lines.empty()) note(std::move(lines));
    if (!status_.feed.empty() && status_.feed_until <= now) {
      status_.feed.clear();
      status_.feed_entries = 0;
    }
  }
  plane_->tidy();
}

}  // namespace netprobe
