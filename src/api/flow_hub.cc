// SPDX-License-Identifier: Apache-2.0
#include "api/flow_hub.h"

#include <algorithm>

#include "api/live_event.h"
#include "model/flow_json.h"

namespace netprobe {
namespace {

/// Batches that may wait for the server's thread.
constexpr std::size_t kMaxBacklog = 16;
/// Flows written before others get the thread: what clients read in between
/// makes room in their queues, and other requests are answered.
constexpr std::size_t kPiece = 256;
/// How often it is looked whether a step of live sums is over, and how long what was
/// learnt in it may be on its way.
constexpr Nanos kTick = 100 * kMillisecond;
constexpr Micros kOnItsWay = 200'000;

}  // namespace

FlowHub::FlowHub(FlowFeed& feed, HttpExecutor executor, HttpTimer timer, const Clock& clock)
    : feed_(feed), executor_(std::move(executor)), timer_(std::move(timer)), clock_(clock) {}

FlowHub::~FlowHub() {
  if (subscribed_) feed_.unsubscribe(subscription_);
}

void FlowHub::add(std::uint64_t client, EventStreamPtr stream, StreamQuery query,
                  std::string node) {
  std::shared_ptr<LiveWindow> window;
  if (query.sums) {
    window = std::make_shared<LiveWindow>(query.sums, to_micros(clock_.wall()));
    ++sums_;
    if (!std::exchange(ticking_, true)) tick();
  }
  clients_.emplace(client,
                   Client{std::move(stream), std::move(query), std::move(node), std::move(window)});
  if (subscribed_) return;
  subscribed_ = true;
  subscription_ = feed_.subscribe([weak = weak_from_this()](FlowBatchPtr batch) {
    if (const auto self = weak.lock()) self->take(std::move(batch));
  });
}

void FlowHub::remove(std::uint64_t client) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return;
  if (found->second.window && --sums_ == 0) gains_.begin({});
  clients_.erase(found);
  if (!clients_.empty() || !subscribed_) return;
  subscribed_ = false;
  feed_.unsubscribe(subscription_);
}

void FlowHub::take(FlowBatchPtr batch) {
  const MutexLock lock(mutex_);
  if (backlog_.size() >= kMaxBacklog) {
    overflow_ += batch->flows.size();
    return;
  }
  backlog_.push_back(std::move(batch));
  if (scheduled_) return;
  scheduled_ = true;
  executor_([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->work();
  });
}

void FlowHub::work() {
  std::uint64_t lost = 0;
  {
    const MutexLock lock(mutex_);
    lost = std::exchange(overflow_, 0);
    if (!current_ && !backlog_.empty()) {
      current_ = std::move(backlog_.front());
      backlog_.pop_front();
      position_ = 0;
    }
  }
  // Nobody knows whose filters they would have passed: each client is told all.
  if (lost > 0)
    for (auto& [id, client] : clients_)
      client.window ? client.window->miss(lost) : client.stream->lose(lost);
  if (current_) {
    // What was learnt before this batch was added.
    if (position_ == 0 && sums_ > 0) advance(to_micros(current_->time));
    const std::size_t end = std::min(position_ + kPiece, current_->flows.size());
    for (; position_ < end; ++position_) send(current_->flows[position_]);
    if (position_ == current_->flows.size()) current_.reset();
  }
  {
    const MutexLock lock(mutex_);
    scheduled_ = current_ || !backlog_.empty();
    if (!scheduled_) return;
  }
  executor_([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->work();
  });
}

void FlowHub::send(const Flow& flow) {
  SharedText text;
  if (sums_ > 0) add_gain(flow);
  for (auto& [id, client] : clients_) {
    if (client.window || !client.query.matches(flow, client.node)) continue;
    if (!text) {
      std::string event = "event: flow\ndata: ";
      append_json(event, flow);
      event += "\n\n";
      text = std::make_shared<const std::string>(std::move(event));
    }
    client.stream->write(text);
  }
}

void FlowHub::add_gain(const Flow& flow) {
  const std::uint64_t before = gains_.not_followed();
  FlowRecord gain;
  if (!gains_.take(flow, to_micros(current_->time), gain)) {
    if (gains_.not_followed() != before)
      for (auto& [id, client] : clients_)
        if (client.window) client.window->miss(1);
    return;
  }
  for (auto& [id, client] : clients_) {
    if (!client.window || !client.query.matches(flow, gain, client.node)) continue;
    FlowRecord own = gain;  // each has a step of its own
    client.window->add(own, client.node);
  }
}

void FlowHub::advance(Micros now) {
  for (auto& [id, client] : clients_) {
    if (!client.window) continue;
    if (const auto step = client.window->advance(now))
      client.stream->write(std::make_shared<const std::string>(window_event(*step)));
  }
}

void FlowHub::tick() {
  if (sums_ == 0) {
    ticking_ = false;
    return;
  }
  bool idle = !current_;
  {
    const MutexLock lock(mutex_);
    idle = idle && backlog_.empty();
  }
  // A batch that waits tells by itself which steps are over.
  if (idle) advance(to_micros(clock_.wall()) - kOnItsWay);
  timer_(kTick, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->tick();
  });
}

}  // namespace netprobe
