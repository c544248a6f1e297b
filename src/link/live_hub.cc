// SPDX-License-Identifier: Apache-2.0
#include "link/live_hub.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <utility>

namespace netprobe {
namespace {

/// What the kernel has seen is in the feed by then.
constexpr Nanos kFeedDelay = 250 * kMillisecond;
constexpr auto kTurn = std::chrono::milliseconds(50);

}  // namespace

/// Between the data thread and the hub's; lives as long as either.
struct LiveHub::Inbox {
  Mutex mutex;
  std::condition_variable_any changed;
  std::deque<FlowBatchPtr> batches NETPROBE_GUARDED_BY(mutex);
  std::deque<HistoryBatchPtr> alerts NETPROBE_GUARDED_BY(mutex);
  std::uint64_t overflow NETPROBE_GUARDED_BY(mutex) = 0;        ///< flows
  std::uint64_t alert_overflow NETPROBE_GUARDED_BY(mutex) = 0;  ///< alerts
  bool stopping NETPROBE_GUARDED_BY(mutex) = false;
};

/// What came since the last turn.
struct LiveHub::News {
  std::deque<FlowBatchPtr> batches;
  std::deque<HistoryBatchPtr> alerts;
  std::uint64_t overflow = 0;
  std::uint64_t alert_overflow = 0;
};

LiveHub::LiveHub(LiveHubOptions options, FlowFeed& feed, const Clock& clock, AlertFeed* alerts)
    : options_(std::move(options)),
      feed_(feed),
      alerts_(alerts),
      clock_(clock),
      inbox_(std::make_shared<Inbox>()) {}

LiveHub::~LiveHub() { stop(); }

LiveHub::Stream::~Stream() {
  const MutexLock lock(hub_.mutex_);
  if (--channel_->streams == 0) channel_->left = hub_.clock_.monotonic();
}

std::optional<LiveMessage> LiveHub::Stream::next() {
  const MutexLock lock(hub_.mutex_);
  return channel_->next(place_, hub_.clock_.monotonic(), hub_.options_.heartbeat);
}

std::expected<LiveHub::StreamPtr, QueryFailure> LiveHub::open(const Query& query,
                                                              const std::string& run_id,
                                                              std::uint64_t after,
                                                              std::function<void()> wake) {
  using enum QueryFailure::Kind;
  // Of alerts each is told as it is; sums of them are history's.
  const bool is_alerts = query.kind == RecordKind::kAlert && !query.is_aggregate();
  if (is_alerts && alerts_ == nullptr)
    return std::unexpected(QueryFailure{kNoStore, "detection is off: there are no alerts"});
  if (!is_alerts)
    if (auto checked = LiveWindow::check(query); !checked) return std::unexpected(checked.error());
  std::string key = canonical(query);
  const MutexLock lock(mutex_);
  if (stopped_) return std::unexpected(QueryFailure{kNoStore, "the agent ends"});
  auto found = std::ranges::find(channels_, key, [](const auto& one) { return one->key(); });
  if (found == channels_.end()) {
    if (channels_.size() >= options_.max_channels)
      return std::unexpected(
          QueryFailure{kTooBroad, "the agent answers " + std::to_string(options_.max_channels) +
                                      " different live queries already, and no more at once"});
    channels_.push_back(std::make_shared<LiveChannel>(
        std::move(key), query, options_.node,
        options_.run_id + "/" + std::to_string(next_channel_++), clock_.wall()));
    found = std::prev(channels_.end());
    (*found)->set_mark(clock_.wall() - kFeedDelay);
  }
  const LiveChannelPtr& channel = *found;
  LivePlace place = channel->place_at_end();
  if (!run_id.empty() && run_id == channel->run_id())
    place = channel->place_after(after);
  else if (!run_id.empty())
    place.unknown = true;  // another run's: what was between, nobody knows
  auto stream = std::make_shared<Stream>(*this, channel, place);
  stream->wake_ = std::move(wake);
  ++channel->streams;
  streams_.push_back(stream);
  const bool begins = !running_;
  if (begins && thread_.joinable()) thread_.join();  // it has nothing more to do
  // Before anybody is told from when on nothing is missing.
  subscribe(query.kind);
  if (begins) begin_thread();
  return stream;
}

void LiveHub::begin_thread() {
  running_ = true;
  thread_ = std::thread([this] { run(); });
}

/// Who asks for alerts alone costs the data thread nothing.
void LiveHub::subscribe(RecordKind kind) {
  if (kind == RecordKind::kAlert) {
    if (alert_subscription_ != 0) return;
    alert_subscription_ =
        alerts_->subscribe([inbox = inbox_, most = options_.max_backlog](HistoryBatchPtr batch) {
          const MutexLock lock(inbox->mutex);
          if (inbox->alerts.size() >= most) {
            inbox->alert_overflow += batch->alerts.size();
            return;
          }
          inbox->alerts.push_back(std::move(batch));
          inbox->changed.notify_one();
        });
    return;
  }
  if (subscription_ != 0) return;
  subscription_ =
      feed_.subscribe([inbox = inbox_, most = options_.max_backlog](FlowBatchPtr batch) {
        const MutexLock lock(inbox->mutex);
        if (inbox->batches.size() >= most) {
          inbox->overflow += batch->flows.size();
          return;
        }
        inbox->batches.push_back(std::move(batch));
        inbox->changed.notify_one();
      });
}

void LiveHub::stop() {
  std::thread ended;
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
    ended = std::move(thread_);
  }
  {
    const MutexLock lock(inbox_->mutex);
    inbox_->stopping = true;
    inbox_->changed.notify_all();
  }
  if (ended.joinable()) ended.join();
}

std::size_t LiveHub::channels() const {
  const MutexLock lock(mutex_);
  return channels_.size();
}

std::size_t LiveHub::kept_bytes() const {
  const MutexLock lock(mutex_);
  std::size_t bytes = 0;
  for (const LiveChannelPtr& channel : channels_) bytes += channel->kept_bytes();
  return bytes;
}

void LiveHub::run() {
  for (bool more = true; more;) {
    {
      const MutexLock lock(inbox_->mutex);
      if (inbox_->stopping) break;
      if (inbox_->batches.empty() && inbox_->alerts.empty())
        inbox_->changed.wait_for(inbox_->mutex, kTurn);
      if (inbox_->stopping) break;
    }
    turn(clock_.monotonic());
    more = drop_old(clock_.monotonic());
  }
  if (const auto id = std::exchange(subscription_, 0); id != 0) feed_.unsubscribe(id);
  if (const auto id = std::exchange(alert_subscription_, 0); id != 0) alerts_->unsubscribe(id);
}

LiveHub::News LiveHub::take_news() {
  News news;
  const MutexLock lock(inbox_->mutex);
  news.batches.swap(inbox_->batches);
  news.alerts.swap(inbox_->alerts);
  news.overflow = std::exchange(inbox_->overflow, 0);
  news.alert_overflow = std::exchange(inbox_->alert_overflow, 0);
  return news;
}

void LiveHub::turn(Nanos now) {
  const Nanos wall = clock_.wall();
  const News news = take_news();
  std::vector<LiveChannelPtr> channels;
  {
    const MutexLock lock(mutex_);
    channels = channels_;
  }
  for (const LiveChannelPtr& channel : channels) {
    const bool is_alerts = channel->kind() == RecordKind::kAlert;
    if (const auto lost = is_alerts ? news.alert_overflow : news.overflow; lost > 0)
      channel->lose(lost);
    if (is_alerts)
      for (const HistoryBatchPtr& batch : news.alerts) channel->add(*batch);
    else
      for (const FlowBatchPtr& batch : news.batches) channel->add(*batch);
    std::vector<LiveChannel::Made> made;
    if (channel->is_due(now, options_.batch_time, options_.batch_records))
      made = channel->make(wall - kFeedDelay);
    for (auto& window : channel->make_windows(wall - kFeedDelay)) made.push_back(std::move(window));
    const MutexLock lock(mutex_);
    channel->set_mark(wall - kFeedDelay - options_.batch_time);
    channel->keep(std::move(made), now);
    channel->trim(now - options_.keep, options_.max_bytes / channels.size());
  }
  // Not under the lock: they ask for what is next at once.
  for (const StreamPtr& stream : streams()) stream->wake_();
}

std::vector<LiveHub::StreamPtr> LiveHub::streams() {
  std::vector<StreamPtr> result;
  const MutexLock lock(mutex_);
  std::erase_if(streams_, [&](const std::weak_ptr<Stream>& weak) {
    auto stream = weak.lock();
    if (!stream) return true;
    result.push_back(std::move(stream));
    return false;
  });
  return result;
}

bool LiveHub::drop_old(Nanos now) {
  const MutexLock lock(mutex_);
  std::erase_if(channels_, [&](const LiveChannelPtr& channel) {
    return channel->streams == 0 && now - channel->left >= options_.keep_alone;
  });
  running_ = !channels_.empty();
  return running_;
}

}  // namespace netprobe
