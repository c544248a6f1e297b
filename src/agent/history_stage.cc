// SPDX-License-Identifier: Apache-2.0
#include "agent/history_stage.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace netprobe {
namespace {

constexpr Nanos kMinute = 60 * kSecond;
// A flow takes about two microseconds: so many do not hold up the ring.
constexpr std::size_t kFlowsPerCycle = 2'000;
constexpr std::size_t kConnectionsPerCycle = 1'000;
// Signals are fetched for each cut; without them flows lack their processes.
constexpr Nanos kSignalPatience = kSecond;
// The end of a TCP flow is told ten seconds after its connection's: by then
// there are signals that know it.
constexpr Nanos kSignalsApart = 8 * kSecond;
// A cut that is so late is still the minute's.
constexpr Nanos kLate = 2 * kSecond;
constexpr Nanos kFlushApart = 5 * kSecond;
constexpr Micros kFlushPatience = 2'000'000;

}  // namespace

HistoryStage::HistoryStage(HistoryFeedOptions options, HistoryHooks hooks, HistoryStore& store,
                           const Clock& clock, FlowTable& table)
    : clock_(clock),
      store_(store),
      table_(table),
      hooks_(std::move(hooks)),
      feed_(std::move(options), hooks_.naming, clock,
            [&store](HistoryBatchPtr batch) { store.write(std::move(batch)); }),
      minute_(clock.wall() / kMinute) {
  table_.watch_growth(&feed_, GrowthListener::kHistory);
}

HistoryStage::~HistoryStage() { table_.watch_growth(nullptr, GrowthListener::kHistory); }

void HistoryStage::flush(bool at_once, std::function<void()> done) {
  {
    const MutexLock lock(mutex_);
    if (!closed_) {
      flushes_.push_back({at_once, std::move(done)});
      done = nullptr;
    }
  }
  if (done) return done();  // all has been handed over
  hooks_.wake();
}

void HistoryStage::take_mail() {
  const MutexLock lock(mutex_);
  if (arrived_) fresh_ = std::exchange(arrived_, nullptr);
  if (step_ == Step::kTaking) return;  // this cut began before they asked
  std::ranges::move(flushes_, std::back_inserter(waiting_));
  flushes_.clear();
}

void HistoryStage::take_connections(std::size_t most) {
  const auto each = [this](const Connection& connection) { feed_.on_connection(connection); };
  any_ended_ = ended_.take(most, each) || any_ended_;
}

bool HistoryStage::cycle() {
  const Nanos now = clock_.monotonic();
  take_mail();
  take_connections(kConnectionsPerCycle);
  switch (step_) {
    case Step::kIdle:
      if (fresh_) hooks_.use_signals(std::exchange(fresh_, nullptr));
      answer_early(now);
      if (is_due()) {
        step_ = Step::kAsked;
        ask(now);
      } else if (any_ended_ && now - asked_at_ >= kSignalsApart) {
        ask(now);
      }
      break;
    case Step::kAsked:
      if (fresh_ || now - asked_at_ >= kSignalPatience) begin(now);
      break;
    case Step::kTaking:
      if (!table_.take_growth(GrowthListener::kHistory, kFlowsPerCycle)) end();
      break;
  }
  feed_.cycle();
  return step_ == Step::kTaking || ended_.has_more();
}

/// Those for whom the last cut is young enough.
void HistoryStage::answer_early(Nanos now) {
  if (cut_at_ == 0 || now - cut_at_ >= kFlushApart) return;
  std::erase_if(waiting_, [&](Flush& flush) {
    if (!flush.at_once) store_.flush(kFlushPatience, std::move(flush.done));
    return !flush.at_once;
  });
}

bool HistoryStage::is_due() {
  const std::int64_t minute = clock_.wall() / kMinute;
  // The clock may be set back, too.
  at_minute_ = std::exchange(minute_, minute) != minute;
  return at_minute_ || !waiting_.empty();
}

void HistoryStage::ask(Nanos now) {
  asked_at_ = now;
  any_ended_ = false;
  hooks_.request_signals([this](SignalsPtr signals) {
    {
      const MutexLock lock(mutex_);
      arrived_ = std::move(signals);
    }
    hooks_.wake();
  });
}

void HistoryStage::begin(Nanos now) {
  cut_at_ = now;
  hooks_.sweep();
  if (fresh_) {
    hooks_.use_signals(fresh_);
    feed_.on_drops(std::exchange(fresh_, nullptr)->drops);
  }
  // Those that ended before the signals were built.
  take_connections(FlowTable::kAll);
  const Nanos wall = clock_.wall();
  const Nanos late = wall % kMinute;
  feed_.begin_cut(at_minute_ && late < kLate ? wall - late : wall);
  step_ = Step::kTaking;
}

void HistoryStage::end() {
  feed_.end_cut();
  step_ = Step::kIdle;
  if (waiting_.empty()) return;
  feed_.hand_over(false);
  for (Flush& flush : waiting_) store_.flush(kFlushPatience, std::move(flush.done));
  waiting_.clear();
}

void HistoryStage::finish() {
  {
    const MutexLock lock(mutex_);
    if (std::exchange(closed_, true)) return;
  }
  if (step_ == Step::kTaking) {
    table_.take_growth(GrowthListener::kHistory);
    feed_.end_cut();
  }
  step_ = Step::kIdle;
  take_mail();
  take_connections(FlowTable::kAll);  // of what was taken already
  take_connections(FlowTable::kAll);
  hooks_.sweep();
  if (fresh_) hooks_.use_signals(std::exchange(fresh_, nullptr));
  feed_.begin_cut(clock_.wall());
  table_.take_growth(GrowthListener::kHistory);
  feed_.end_cut();
  feed_.hand_over(true);
  for (Flush& flush : std::exchange(waiting_, {}))
    store_.flush(kFlushPatience, std::move(flush.done));
}

std::vector<LossCounter> HistoryStage::losses() const {
  std::vector<LossCounter> result = feed_.losses();
  result.push_back({"history", "connection_queue_full", ended_.lost()});
  return result;
}

}  // namespace netprobe
