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
  std::uint64_t overflow NETPROBE_GUARDED_BY(mutex) = 0;  ///< flows
  bool stopping NETPROBE_GUARDED_BY(mutex) = false;
};

LiveHub::LiveHub(LiveHubOptions options, FlowFeed& feed, const Clock& clock)
    : options_(std::move(options)), feed_(feed), clock_(clock), inbox_(std::make_shared<Inbox>()) {}

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
  begin_thread();
  return stream;
}

void LiveHub::begin_thread() {
  if (running_) return;
  if (thread_.joinable()) thread_.join();  // it has nothing more to do
  running_ = true;
  // Before anybody is told from when on nothing is missing.
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
  thread_ = std::thread([this] { run(); });
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
      if (inbox_->batches.empty()) inbox_->changed.wait_for(inbox_->mutex, kTurn);
      if (inbox_->stopping) break;
    }
    turn(clock_.monotonic());
    more = drop_old(clock_.monotonic());
  }
  feed_.unsubscribe(subscription_);
}

void LiveHub::turn(Nanos now) {
  const Nanos wall = clock_.wall();
  std::vector<FlowBatchPtr> batches;
  std::uint64_t overflow = 0;
  {
    const MutexLock lock(inbox_->mutex);
    batches.assign(std::make_move_iterator(inbox_->batches.begin()),
                   std::make_move_iterator(inbox_->batches.end()));
    inbox_->batches.clear();
    overflow = std::exchange(inbox_->overflow, 0);
  }
  std::vector<LiveChannelPtr> channels;
  {
    const MutexLock lock(mutex_);
    channels = channels_;
  }
  for (const LiveChannelPtr& channel : channels) {
    if (overflow > 0) channel->lose(overflow);
    for (const FlowBatchPtr& batch : batches) channel->add(*batch);
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
