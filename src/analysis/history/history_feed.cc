// SPDX-License-Identifier: Apache-2.0
#include "analysis/history/history_feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "analysis/history/history_records.h"

namespace netprobe {
namespace {

// A record that waits is looked at so often, and so many of them in a cycle.
constexpr Nanos kLookInterval = kSecond;
constexpr int kLooksPerCycle = 1'000;

}  // namespace

HistoryFeed::HistoryFeed(HistoryFeedOptions options, HistoryNaming naming, const Clock& clock,
                         Write write)
    : options_(std::move(options)),
      naming_(std::move(naming)),
      clock_(clock),
      write_(std::move(write)),
      cut_(clock.wall()),
      cut_before_(cut_),
      drops_cut_(cut_) {}

void HistoryFeed::begin_cut(Nanos at) {
  // The clock may have been set back: nothing begins after it ends.
  cut_before_ = std::min(cut_, at);
  cut_ = at;
  in_cut_ = true;
}

Nanos HistoryFeed::begin_of(const FlowGrowth& growth) const {
  // Whatever gained was told in the cut before this, or had not gained by then.
  // One that ends while a cut is made may have been told in it: what it sent
  // later is of the next stretch.
  const bool rest = growth.last && growth.flow.last_seen >= cut_;
  const Nanos after = in_cut_ && !rest ? cut_before_ : cut_;
  return std::min(std::max(growth.flow.first_seen, after), clock_.wall());
}

bool HistoryFeed::on_growth(const FlowGrowth& growth) {
  Flow flow = growth.flow;
  const std::string_view by_path = flow.direction;
  naming_.judge(flow);
  if (naming_.name) naming_.name(flow);
  const bool named = !naming_.name || is_named(flow);
  FlowRecord record =
      record_of(flow, growth, begin_of(growth), naming_.interface_name(growth.ifindex));
  keep_or_add(record, by_path, named, flow.first_seen);
  return true;
}

void HistoryFeed::on_connection(const Connection& connection) {
  ConnectionEvent record = record_of(connection, clock_.wall());
  const std::string_view by_path = record.direction;
  Flow flow = flow_to_name(record, by_path);
  const bool named = name(record, flow);
  keep_or_add(record, by_path, named, flow.first_seen);
}

void HistoryFeed::on_drops(const DropReport& drops) {
  const Nanos now = clock_.wall();
  const Nanos before = std::min(std::exchange(drops_cut_, now), now);
  drops_.update(drops, [&](const DropRecord& each, const Counters& gained) {
    dropped_told_ += gained.packets;
    DropEvent record = drop_event(each, gained, std::min(std::max(each.first_seen, before), now));
    Flow flow = flow_to_name(record, {});
    const bool named = !each.has_tuple || name(record, flow);
    keep_or_add(record, {}, named, each.first_seen);
  });
  std::uint64_t total = 0;
  for (const auto& [key, packets] : drops.totals) total += packets;
  // What is in no record: the kernel had no room for its flow, or the record made
  // room for others before it was told.
  if (total > dropped_told_) dropped_lost_ = std::max(dropped_lost_, total - dropped_told_);
}

bool HistoryFeed::name(RecordBase& record, Flow& flow) const {
  if (!naming_.name) return true;
  naming_.name(flow);
  const bool named = is_named(flow);
  record.src = std::move(flow.src_identity);
  record.dst = std::move(flow.dst_identity);
  record.service = std::move(flow.service);
  record.direction = flow.direction;
  return named;
}

template <typename Kind>
void HistoryFeed::keep_or_add(Kind& record, std::string_view by_path, bool named, Nanos first) {
  ++records_;
  const Nanos age = clock_.wall() - first;
  // The clock may have been set: nothing waits longer for that.
  if (named || age >= options_.hold || age <= -options_.hold) return add(std::move(record));
  if (waiting_.size() >= options_.max_waiting) {
    ++not_awaited_;
    return add(std::move(record));
  }
  const Nanos now = clock_.monotonic();
  waiting_.push_back({std::move(record), by_path, now + kLookInterval,
                      now + std::min(options_.hold - age, options_.hold)});
}

bool HistoryFeed::name_again(Waiting& waiting) const {
  return std::visit(
      [&](auto& record) {
        Flow flow = flow_to_name(record, waiting.by_path);
        return name(record, flow);
      },
      waiting.record);
}

void HistoryFeed::cycle() {
  const Nanos now = clock_.monotonic();
  for (int looks = 0; looks < kLooksPerCycle && !waiting_.empty(); ++looks) {
    if (waiting_.front().next > now) break;
    Waiting one = std::move(waiting_.front());
    waiting_.pop_front();
    if (name_again(one) || now >= one.until) {
      add(std::move(one));
      continue;
    }
    one.next = now + kLookInterval;
    waiting_.push_back(std::move(one));
  }
  if (batch_ && now - batch_began_ >= options_.batch_interval) hand_over(false);
}

HistoryBatch& HistoryFeed::batch() {
  if (!batch_) {
    batch_ = std::make_shared<HistoryBatch>();
    batch_->id = fmt::format("{}/{}/{}", options_.node, options_.started_at, ++batches_);
    batch_->node = options_.node;
    // Batches are much alike: one that grows step by step would be moved each time.
    batch_->flows.reserve(flows_before_);
    batch_began_ = clock_.monotonic();
  }
  return *batch_;
}

void HistoryFeed::add(FlowRecord&& record) {
  batch().flows.push_back(std::move(record));
  hand_over_if_full();
}

void HistoryFeed::add(DropEvent&& record) {
  batch().drops.push_back(std::move(record));
  hand_over_if_full();
}

void HistoryFeed::add(ConnectionEvent&& record) {
  batch().connections.push_back(std::move(record));
  hand_over_if_full();
}

void HistoryFeed::add(Waiting&& waiting) {
  std::visit([this](auto&& record) { add(std::move(record)); }, std::move(waiting.record));
}

void HistoryFeed::hand_over_if_full() {
  if (batch_->size() >= options_.max_batch) hand_over(false);
}

void HistoryFeed::hand_over(bool waiting) {
  while (waiting && !waiting_.empty()) {
    Waiting one = std::move(waiting_.front());
    waiting_.pop_front();
    name_again(one);
    add(std::move(one));
  }
  if (!batch_) return;
  std::vector<FlowRecord>& flows = batch_->flows;
  // The last batch of a round is smaller.
  flows_before_ = std::max(flows.size(), flows_before_ / 2);
  // Whoever keeps it counts the room that it takes.
  if (flows.capacity() > 2 * flows.size()) flows.shrink_to_fit();
  write_(std::exchange(batch_, nullptr));
}

std::vector<LossCounter> HistoryFeed::losses() const {
  return {{"history", "drop_without_record", dropped_lost_}};
}

}  // namespace netprobe
