// SPDX-License-Identifier: Apache-2.0
#include "api/flow_hub.h"

#include <algorithm>

#include "model/flow_json.h"

namespace netprobe {
namespace {

/// Batches that may wait for the server's thread.
constexpr std::size_t kMaxBacklog = 16;
/// Flows written before others get the thread: what clients read in between
/// makes room in their queues, and other requests are answered.
constexpr std::size_t kPiece = 256;

}  // namespace

FlowHub::FlowHub(FlowFeed& feed, HttpExecutor executor)
    : feed_(feed), executor_(std::move(executor)) {}

FlowHub::~FlowHub() {
  if (subscribed_) feed_.unsubscribe(subscription_);
}

void FlowHub::add(std::uint64_t client, EventStreamPtr stream, StreamQuery query,
                  std::string node) {
  clients_.emplace(client, Client{std::move(stream), std::move(query), std::move(node)});
  if (subscribed_) return;
  subscribed_ = true;
  subscription_ = feed_.subscribe([weak = weak_from_this()](FlowBatchPtr batch) {
    if (const auto self = weak.lock()) self->take(std::move(batch));
  });
}

void FlowHub::remove(std::uint64_t client) {
  clients_.erase(client);
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
    for (auto& [id, client] : clients_) client.stream->lose(lost);
  if (current_) {
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
  for (auto& [id, client] : clients_) {
    if (!client.query.matches(flow, client.node)) continue;
    if (!text) {
      std::string event = "event: flow\ndata: ";
      append_json(event, flow);
      event += "\n\n";
      text = std::make_shared<const std::string>(std::move(event));
    }
    client.stream->write(text);
  }
}

}  // namespace netprobe
