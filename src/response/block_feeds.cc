// SPDX-License-Identifier: Apache-2.0
// Limits, and whole lists.
#include <fmt/format.h>

#include <algorithm>

#include "response/block_list.h"

namespace netprobe {
namespace {

constexpr std::size_t kSentences = 5;

}  // namespace

Status BlockList::check(const LimitRequest& request) {
  if (auto s = check_words(request.reason, request.who, request.limit.remaining, caps_); !s)
    return s;
  if (auto s = check_limit(request.limit, allowed_); !s) return s;
  const LimitKey key{request.limit.address, request.limit.port, request.limit.side};
  if (!limits_.contains(key) && limits_.size() >= caps_.limits) {
    return fail(fmt::format("{} limits are set, as many as may be: take one off before that of {}",
                            caps_.limits, request.limit.address.to_string()),
                ErrorKind::kBusy);
  }
  return {};
}

Result<LimitRecord> BlockList::limit(const LimitRequest& asked) {
  LimitRequest request = asked;
  if (caps_.dry_run_only) request.limit.mode = BlockMode::kDryRun;
  const MutexLock lock(mutex_);
  const Nanos now = clock_.wall();
  LimitRecord record{.limit = request.limit,
                     .reason = request.reason.substr(0, caps_.text),
                     .who = request.who.substr(0, caps_.text),
                     .since = now,
                     .until = now + std::clamp<Nanos>(request.limit.remaining, 0, caps_.longest)};
  AuditLine line = audit_line_of("limit", record, now);
  if (auto s = check_rate(); !s) return refuse(Refusal::kTooFast, std::move(line), s.error());
  if (auto s = check(request); !s) {
    const auto why = s.error().kind == ErrorKind::kBusy ? Refusal::kTooMany : Refusal::kBadRequest;
    return refuse(why, std::move(line), s.error());
  }
  if (auto s = plane_->put(request.limit); !s) {
    const auto why = s.error().kind == ErrorKind::kBusy ? Refusal::kFull : Refusal::kKernel;
    return refuse(why, std::move(line), s.error());
  }
  const LimitKey key{request.limit.address, request.limit.port, request.limit.side};
  if (auto s = write({std::move(line)}); !s) {
    // As it was before.
    if (const auto before = limits_.find(key); before != limits_.end()) {
      PlaneLimit old = before->second.limit;
      old.remaining = before->second.until - now;
      (void)plane_->put(old);
    } else {
      (void)plane_->remove_limit(request.limit);
    }
    return refuse(Refusal::kAudit, {}, s.error());
  }
  limits_[key] = record;
  return record;
}

Status BlockList::unlimit(const PlaneLimit& limit, const std::string& who,
                          const std::string& reason) {
  const MutexLock lock(mutex_);
  const auto found = limits_.find(LimitKey{limit.address, limit.port, limit.side});
  if (found == limits_.end())
    return fail(
        fmt::format("there is no {} limit of {}", to_string(limit.side), limit.address.to_string()),
        ErrorKind::kNotFound);
  if (auto s = plane_->remove_limit(limit); !s) return s;
  AuditLine line = audit_line_of("unlimit", found->second, clock_.wall());
  line.who = who;
  line.reason = reason;
  limits_.erase(found);
  note({std::move(line)});
  return {};
}

std::vector<LimitRecord> BlockList::limits() const {
  const auto counts = plane_->limits();
  const MutexLock lock(mutex_);
  std::vector<LimitRecord> result;
  for (const auto& [key, record] : limits_) {
    result.push_back(record);
    for (const PlaneLimit& each : counts) {
      if (LimitKey{each.address, each.port, each.side} != key) continue;
      result.back().limit.remaining = each.remaining;
      result.back().limit.over_packets = each.over_packets;
      result.back().limit.over_bytes = each.over_bytes;
    }
  }
  return result;
}

Result<FeedOutcome> BlockList::load_feed(const std::string& name,
                                         std::span<const IpPrefix> networks, BlockMode mode,
                                         Nanos lasting, const std::string& who) {
  const MutexLock feed_lock(feed_mutex_);
  AllowList allowed;
  AuditLine line;
  {
    const MutexLock lock(mutex_);
    line.time = clock_.wall();
    line.action = "feed";
    line.what = name.substr(0, caps_.text);
    line.who = who.substr(0, caps_.text);
    line.reason = "a list";
    if (caps_.dry_run_only) mode = BlockMode::kDryRun;
    line.mode = mode;
    line.until = line.time + lasting;
    if (auto s = check_words(name, who, lasting, caps_); !s)
      return refuse(Refusal::kBadRequest, std::move(line), s.error());
    allowed = allowed_;
  }
  FeedOutcome outcome;
  std::vector<IpPrefix> kept;
  kept.reserve(networks.size());
  for (const IpPrefix& each : networks) {
    auto status = check_block(each, allowed, caps_);
    if (status) {
      kept.push_back(each);
      continue;
    }
    ++outcome.refused;
    if (outcome.why.size() < kSentences) outcome.why.push_back(status.error().message);
  }
  std::ranges::sort(kept);
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  outcome.repeated = networks.size() - outcome.refused - kept.size();
  outcome.loaded = kept.size();
  // Without mutex_: it takes a while, and single blocks do not wait for it.
  const auto loaded = plane_->load_feed(kept, mode, lasting);
  const MutexLock lock(mutex_);
  line.count = outcome.loaded;
  if (!loaded) {
    const auto why = loaded.error().kind == ErrorKind::kBusy ? Refusal::kFull : Refusal::kKernel;
    return refuse(why, std::move(line), loaded.error());
  }
  status_.feed = name;
  status_.feed_mode = mode;
  status_.feed_entries = outcome.loaded;
  status_.feed_refused = outcome.refused;
  status_.feed_why = outcome.why;
  status_.feed_until = line.until;
  note({std::move(line)});
  return outcome;
}

Status BlockList::drop_feed(const std::string& who, const std::string& reason) {
  const MutexLock feed_lock(feed_mutex_);
  const MutexLock lock(mutex_);
  if (status_.feed.empty()) return fail("no list is loaded", ErrorKind::kNotFound);
  plane_->drop_feed();
  AuditLine line;
  line.time = clock_.wall();
  line.action = "drop-feed";
  line.what = status_.feed;
  line.who = who;
  line.reason = reason;
  line.count = status_.feed_entries;
  status_.feed.clear();
  status_.feed_entries = 0;
  note({std::move(line)});
  return {};
}

}  // namespace netprobe
