// SPDX-License-Identifier: Apache-2.0
#include "agent/detection_stage.h"

#include <algorithm>
#include <utility>

namespace netprobe {
namespace {

// A flow takes one or two microseconds: so many do not hold up the ring.
constexpr std::size_t kFlowsPerCycle = 1'000;
constexpr std::size_t kConnectionsPerCycle = 1'000;
constexpr Nanos kRound = kSecond;

}  // namespace

DetectionStage::DetectionStage(HistoryFeedOptions options, HistoryNaming naming, const Clock& clock,
                               FlowTable& table, HistoryFeed::Write take)
    : clock_(clock),
      table_(table),
      feed_(std::move(options), std::move(naming), clock, std::move(take)) {
  table_.watch_growth(&feed_, GrowthListener::kDetection);
}

DetectionStage::~DetectionStage() { table_.watch_growth(nullptr, GrowthListener::kDetection); }

void DetectionStage::take_connections(std::size_t most) {
  const auto each = [this](const Connection& connection) { feed_.on_connection(connection); };
  ended_.take(most, each);
}

bool DetectionStage::cycle() {
  const Nanos now = clock_.monotonic();
  if (!taking_) {
    if (now < next_) return false;
    taking_ = true;
    began_ = now;
    spent_ = 0;
    feed_.begin_cut(clock_.wall());
  }
  take_connections(kConnectionsPerCycle);
  const bool more = table_.take_growth(GrowthListener::kDetection, kFlowsPerCycle);
  const Nanos after = clock_.monotonic();
  spent_ += after - now;
  if (more) return true;
  end(after);
  return false;
}

void DetectionStage::end(Nanos now) {
  feed_.end_cut();
  feed_.hand_over(false);
  taking_ = false;
  next_ = std::max(began_ + kRound, now + spent_);
}

void DetectionStage::finish() {
  take_connections(FlowTable::kAll);
  take_connections(FlowTable::kAll);
  if (!taking_) feed_.begin_cut(clock_.wall());
  table_.take_growth(GrowthListener::kDetection);
  end(clock_.monotonic());
}

std::vector<LossCounter> DetectionStage::losses() const {
  return {{"detect", "connection_queue_full", ended_.lost()}};
}

}  // namespace netprobe
