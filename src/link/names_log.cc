// SPDX-License-Identifier: Apache-2.0
#include "link/names_log.h"

#include <algorithm>
#include <utility>

#include "link/names_codec.h"
#include "link/names_ledger.h"
#include "link/proto/netprobe.pb.h"

namespace netprobe {
namespace {

/// A NamesReply with this change alone: several behind each other are one with all of
/// them, as protobuf joins what is repeated.
std::shared_ptr<const std::string> bytes_of(const KubeChange& change) {
  v1::NamesReply reply;
  encode_change(change, *reply.add_changes());
  return std::make_shared<const std::string>(reply.SerializeAsString());
}

}  // namespace

NamesLog::NamesLog(Options options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

NamesLog::Watch::~Watch() {
  const MutexLock lock(log_.mutex_);
  --log_.open_;
}

std::optional<NamesLog::Pieces> NamesLog::Watch::next() { return log_.next(*this); }

bool NamesLog::take(std::vector<KubeChange>& changes) {
  for (const KubeChange& change : changes) {
    const Piece bytes = bytes_of(change);
    std::string key = object_key(change.object);
    const MutexLock lock(mutex_);
    if (change.deleted)
      objects_.erase(key);
    else
      objects_[std::move(key)] = bytes;
    changes_.push_back({++sequence_, bytes});
    bytes_ += bytes->size();
    while (bytes_ > options_.max_bytes) {
      bytes_ -= changes_.front().bytes->size();
      changes_.pop_front();
    }
  }
  changes.clear();
  wake_all();
  return true;
}

void NamesLog::set_status(const KubeStatus& status) {
  {
    const MutexLock lock(mutex_);
    synced_ = synced_ || status.synced_at != 0;
    problem_ = status.error;
    last_contact_ = status.last_contact;
  }
  wake_all();
}

NamesLog::WatchPtr NamesLog::open(const std::string& run_id, std::uint64_t after,
                                  std::function<void()> wake) {
  // Counted before it is made: its end counts down.
  const MutexLock lock(mutex_);
  if (open_ >= options_.max_watches) return nullptr;
  ++open_;
  auto watch = std::make_shared<Watch>(*this, std::move(wake));
  const bool known =
      run_id == options_.run_id && after <= sequence_ &&
      (after == sequence_ || (!changes_.empty() && after + 1 >= changes_.front().sequence));
  if (known) {
    watch->anew_ = false;
    watch->sequence_ = after;
  } else {
    begin_anew(*watch);
  }
  watches_.push_back(watch);
  return watch;
}

void NamesLog::begin_anew(Watch& watch) {
  // What came since the list was made is still among the changes.
  const bool good = all_ && (all_sequence_ == sequence_ ||
                             (!changes_.empty() && all_sequence_ + 1 >= changes_.front().sequence &&
                              sequence_ - all_sequence_ < 1000));
  if (!good) {
    auto all = std::make_shared<Pieces>();
    all->reserve(objects_.size());
    for (const auto& [key, bytes] : objects_) all->push_back(bytes);
    all_ = std::move(all);
    all_sequence_ = sequence_;
  }
  watch.all_ = all_;
  watch.told_ = 0;
  watch.sequence_ = all_sequence_;
  watch.anew_ = true;
  watch.synced_ = false;
}

std::optional<NamesLog::Pieces> NamesLog::next(Watch& watch) {
  Pieces pieces(1);  // the first says what the others are
  v1::NamesReply head;
  const Nanos now = clock_.monotonic();
  const MutexLock lock(mutex_);
  std::size_t bytes = 0;
  const bool left_behind = !watch.all_ && watch.sequence_ < sequence_ &&
                           (changes_.empty() || watch.sequence_ + 1 < changes_.front().sequence);
  if (left_behind) begin_anew(watch);
  if (watch.all_) {
    for (; watch.told_ < watch.all_->size() && bytes < options_.message_bytes; ++watch.told_) {
      bytes += (*watch.all_)[watch.told_]->size();
      pieces.push_back((*watch.all_)[watch.told_]);
    }
    if (watch.told_ == watch.all_->size()) {
      watch.all_.reset();
      head.set_sequence(watch.sequence_);
    }
  } else {
    auto at = std::ranges::upper_bound(changes_, watch.sequence_, {}, &Change::sequence);
    for (; at != changes_.end() && bytes < options_.message_bytes; ++at) {
      bytes += at->bytes->size();
      pieces.push_back(at->bytes);
      watch.sequence_ = at->sequence;
    }
    if (pieces.size() > 1) head.set_sequence(watch.sequence_);
  }
  const bool has_all = !watch.all_ && watch.sequence_ == sequence_;
  const bool now_synced = has_all && synced_ && !watch.synced_;
  if (pieces.size() == 1 && watch.greeted_ && !watch.anew_ && !now_synced &&
      now - watch.sent_ < options_.heartbeat)
    return std::nullopt;
  if (now_synced) {
    watch.synced_ = true;
    head.set_synced(true);
    head.set_sequence(watch.sequence_);
  }
  if (!std::exchange(watch.greeted_, true) || watch.anew_) head.set_run_id(options_.run_id);
  head.set_anew(std::exchange(watch.anew_, false));
  head.set_problem(problem_);
  head.set_last_contact(last_contact_ / kMicrosecond);
  watch.sent_ = now;
  pieces.front() = std::make_shared<const std::string>(head.SerializeAsString());
  return pieces;
}

void NamesLog::wake_all() {
  std::vector<WatchPtr> watches;
  {
    const MutexLock lock(mutex_);
    std::erase_if(watches_, [&](const std::weak_ptr<Watch>& weak) {
      auto watch = weak.lock();
      if (!watch) return true;
      watches.push_back(std::move(watch));
      return false;
    });
  }
  for (const WatchPtr& watch : watches) watch->wake_();
}

std::size_t NamesLog::watches() const {
  const MutexLock lock(mutex_);
  return open_;
}

std::size_t NamesLog::objects() const {
  const MutexLock lock(mutex_);
  return objects_.size();
}

}  // namespace netprobe
