// SPDX-License-Identifier: Apache-2.0
#include "link/live_channel.h"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <utility>

#include "link/answer_codec.h"
#include "link/proto/netprobe.pb.h"

namespace netprobe {
namespace {

// Ten minutes of five messages a second.
constexpr std::size_t kMaxPast = 3000;

}  // namespace

LiveChannel::LiveChannel(std::string key, Query query, std::string node, std::string run_id,
                         Nanos now)
    : key_(std::move(key)), query_(std::move(query)), run_id_(std::move(run_id)), matcher_(query_) {
  pending_.node = std::move(node);
  if (!query_.is_aggregate()) return;
  const Micros time = to_micros(now);
  window_.emplace(std::make_shared<const Query>(query_), time);
  gains_.begin_at(time);
}

void LiveChannel::add(const FlowBatch& batch) {
  if (window_) {
    // What was learnt before this batch was added.
    close_window(to_micros(batch.time));
    for (const Flow& flow : batch.flows) add_gain(flow, to_micros(batch.time));
    return;
  }
  for (const Flow& flow : batch.flows) {
    // Its counters are another flow's now, which is told.
    if (flow.merged_into != 0 || !matcher_.matches(flow, pending_.node)) continue;
    const auto [at, added] = positions_.try_emplace(flow.id, pending_.flows.size());
    if (added)
      pending_.flows.push_back(record_of(flow));
    else
      pending_.flows[at->second] = record_of(flow);
  }
}

void LiveChannel::add(const HistoryBatch& batch) {
  for (const AlertEvent& alert : batch.alerts)
    if (matcher_.matches({RecordKind::kAlert, &alert, pending_.node}))
      pending_.alerts.push_back(alert);
}

bool LiveChannel::is_due(Nanos now, Nanos batch_time, std::size_t batch_records) const {
  if (lost_ > 0) return true;
  const std::size_t pending = pending_.size();
  return pending > 0 && (pending >= batch_records || now - sent_ >= batch_time);
}

std::vector<LiveChannel::Made> LiveChannel::make(Nanos wall) {
  std::vector<Made> result;
  if (lost_ > 0) {
    v1::LiveReply lost;
    lost.set_sequence(++made_sequence_);
    lost.set_lost(lost_);
    result.push_back({lost.SerializeAsString(), std::exchange(lost_, 0)});
  }
  if (pending_.size() == 0) return result;
  // A table has a thousand small parts, which go together.
  google::protobuf::Arena arena;
  auto& reply = *google::protobuf::Arena::CreateMessage<v1::LiveReply>(&arena);
  reply.set_sequence(++made_sequence_);
  encoder_.encode(pending_, *reply.mutable_records());
  reply.set_now(to_micros(wall));
  result.push_back({reply.SerializeAsString(), pending_.size()});
  pending_.flows.clear();
  pending_.alerts.clear();
  positions_.clear();
  return result;
}

void LiveChannel::add_gain(const Flow& flow, Micros time) {
  const std::uint64_t before = gains_.not_followed();
  FlowRecord gain;
  if (!gains_.take(flow, time, gain)) {
    if (gains_.not_followed() != before) window_->miss(1);
    return;
  }
  if (matcher_.matches({RecordKind::kFlow, &gain, pending_.node}))
    window_->add(gain, pending_.node);
}

void LiveChannel::close_window(Micros now) {
  const auto step = window_->advance(now);
  if (!step) return;
  v1::LiveReply reply;
  reply.set_sequence(++made_sequence_);
  v1::Window& to = *reply.mutable_window();
  // Agents' steps are merged by where they begin, also those that are not whole.
  const Micros end = step->answer.until.value_or(0);
  to.set_begin(end - *query_.every);
  to.set_end(end);
  const std::size_t rows = std::min(step->answer.rows.size(), kMaxTableRows);
  encode_rows(step->answer, 0, rows, *to.mutable_rows());
  const std::uint64_t unsent = step->answer.rows.size() - rows;
  to.set_folded(step->left_out + unsent > 0 || step->answer.truncated);
  const std::uint64_t lost = step->left_out + step->missing + unsent;
  reply.set_lost(lost);
  reply.set_now(end);
  windows_.push_back({reply.SerializeAsString(), lost});
}

std::vector<LiveChannel::Made> LiveChannel::make_windows(Nanos wall) {
  if (window_) close_window(to_micros(wall));
  return std::exchange(windows_, {});
}

void LiveChannel::keep(std::vector<Made> made, Nanos now) {
  for (Made& one : made) {
    records_ += one.records;
    bytes_ += one.bytes.size();
    kept_.push_back(
        {++sequence_, records_, now, std::make_shared<const std::string>(std::move(one.bytes))});
    sent_ = now;
  }
}

void LiveChannel::trim(Nanos since, std::size_t max_bytes) {
  while (!kept_.empty() && (kept_.front().made < since || bytes_ > max_bytes)) {
    bytes_ -= kept_.front().bytes->size();
    past_.emplace_back(kept_.front().sequence, kept_.front().records);
    kept_.pop_front();
    if (past_.size() > kMaxPast) past_.pop_front();
  }
}

LivePlace LiveChannel::place_at_end() const { return {.sequence = sequence_, .records = records_}; }

LivePlace LiveChannel::place_after(std::uint64_t sequence) const {
  if (sequence == 0) return {};
  if (sequence >= sequence_) return place_at_end();
  for (const Sent& one : kept_)
    if (one.sequence == sequence) return {.sequence = sequence, .records = one.records};
  for (const auto& [past, records] : past_)
    if (past == sequence) return {.sequence = sequence, .records = records};
  // Older than anything that is known: what is known of is told as lost.
  LivePlace place{.sequence = sequence, .unknown = true};
  if (!past_.empty()) place.records = past_.front().second;
  return place;
}

std::optional<LiveMessage> LiveChannel::next(LivePlace& place, Nanos now, Nanos heartbeat) const {
  v1::LiveReply head;
  LiveMessage message;
  const auto found = std::ranges::upper_bound(kept_, place.sequence, {}, &Sent::sequence);
  const std::uint64_t follows = found == kept_.end() ? sequence_ + 1 : found->sequence;
  if (follows != place.sequence + 1 || place.unknown) {
    // The records of what is not kept any more.
    const std::uint64_t before =
        found == kept_.begin() ? (past_.empty() ? 0 : past_.back().second)
                               : (found == kept_.end() ? records_ : std::prev(found)->records);
    const std::uint64_t lost = before - std::min(before, place.records);
    head.set_sequence(follows - 1);
    head.set_lost(std::max<std::uint64_t>(lost, place.unknown ? 1 : 0));
    place.sequence = follows - 1;
    place.records = std::max(before, place.records);
    place.unknown = false;
  } else if (found != kept_.end()) {
    message.body = found->bytes;
    place.sequence = found->sequence;
    place.records = found->records;
  } else if (!place.greeted || now - place.sent >= heartbeat) {
    head.set_sequence(place.sequence);  // where it begins
    head.set_now(to_micros(mark_));
  } else {
    return std::nullopt;
  }
  if (!place.greeted) head.set_run_id(run_id_);
  place.greeted = true;
  place.sent = now;
  message.head = head.SerializeAsString();
  return message;
}

}  // namespace netprobe
