// SPDX-License-Identifier: Apache-2.0
#include "intel/intel_feeds.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <set>
#include <thread>

#include "base/mutex.h"
#include "intel/intel_index.h"

namespace netprobe::intel {
namespace {

constexpr Nanos kLongestWait = 60 * kSecond;

}  // namespace

class IntelFeeds::Impl {
 public:
  Impl(IntelFeedsOptions options, const Clock& clock)
      : clock_(clock),
        guard_(std::make_shared<const Guard>(options.own_networks)),
        index_(std::make_shared<const IntelIndex>(std::vector<NamedList>(), guard_)) {
    for (FeedSettings& settings : options.feeds)
      feeds_.push_back(std::make_unique<Feed>(std::move(settings), options.cache_directory));
    for (const auto& feed : feeds_) statuses_.push_back(feed->status());
  }

  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void stop() NETPROBE_EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      stopping_ = true;
    }
    download_.stop();
    news_.notify_all();
    const MutexLock lock(joining_);
    if (thread_.joinable()) thread_.join();
  }

  std::shared_ptr<const IntelIndex> current() const NETPROBE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return index_;
  }
  std::uint64_t generation() const NETPROBE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return generation_;
  }
  std::vector<FeedStatus> status() const NETPROBE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return statuses_;
  }
  void refresh_now() NETPROBE_EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      at_once_ = true;
    }
    news_.notify_all();
  }
  void set_own_networks(const std::vector<IpPrefix>& own) NETPROBE_EXCLUDES(mutex_) {
    auto guard = std::make_shared<const Guard>(own);
    {
      const MutexLock lock(mutex_);
      guard_ = std::move(guard);
      guard_is_new_ = true;
    }
    news_.notify_all();
  }

 private:
  void run() {
    load();
    while (wait()) {
      for (const auto& feed : feeds_) {
        if (feed->due() > clock_.monotonic()) continue;
        if (is_stopping()) return;
        const bool changed = feed->refresh(guard(), clock_, download_);
        publish(changed);
      }
    }
  }
  void load() {
    bool changed = false;
    for (const auto& feed : feeds_) {
      if (is_stopping()) return;
      if (!feed->load(guard(), clock_.wall())) continue;
      changed = true;
      // Many restarts are no reason to ask a server each time; a file costs nothing.
      const Nanos age = clock_.wall() - feed->status().fetched;
      if (feed->settings().is_url() && age >= 0 && age < feed->settings().every)
        feed->set_due(clock_.monotonic() + feed->settings().every - age);
    }
    publish(changed);
  }
  /// Until something is to be done; false: it is to stop.
  bool wait() NETPROBE_EXCLUDES(mutex_) {
    bool new_guard = false;
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && !at_once_ && !guard_is_new_) {
        const Nanos left = next_due() - clock_.monotonic();
        if (left <= 0) break;
        news_.wait_for(mutex_, std::chrono::nanoseconds(std::min(left, kLongestWait)));
      }
      if (stopping_) return false;
      if (at_once_)
        for (const auto& feed : feeds_) feed->set_due(clock_.monotonic());
      at_once_ = false;
      new_guard = std::exchange(guard_is_new_, false);
    }
    if (new_guard) publish(true);
    return true;
  }
  [[nodiscard]] Nanos next_due() const {
    Nanos next = clock_.monotonic() + kLongestWait;
    for (const auto& feed : feeds_) next = std::min(next, feed->due());
    return next;
  }
  bool is_stopping() const NETPROBE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return stopping_;
  }
  GuardPtr guard() const NETPROBE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return guard_;
  }
  void publish(bool changed) NETPROBE_EXCLUDES(mutex_) {
    std::vector<FeedStatus> statuses;
    std::vector<NamedList> lists;
    for (const auto& feed : feeds_) {
      statuses.push_back(feed->status());
      if (!feed->list()) continue;
      const FeedSettings& settings = feed->settings();
      lists.push_back({settings.name, settings.severity, settings.confidence, feed->list()});
    }
    // Lists that did not change are shared with the index before.
    std::shared_ptr<const IntelIndex> index;
    if (changed) index = std::make_shared<const IntelIndex>(std::move(lists), guard());
    const MutexLock lock(mutex_);
    statuses_ = std::move(statuses);
    if (!index) return;
    index_.swap(index);  // the old one goes when nobody has it, here after the lock
    ++generation_;
  }

  const Clock& clock_;
  std::vector<std::unique_ptr<Feed>> feeds_;  ///< the thread's, once it runs
  HttpDownload download_;
  mutable Mutex mutex_;
  std::condition_variable_any news_;
  GuardPtr guard_ NETPROBE_GUARDED_BY(mutex_);
  std::shared_ptr<const IntelIndex> index_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<FeedStatus> statuses_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t generation_ NETPROBE_GUARDED_BY(mutex_) = 0;
  bool stopping_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool at_once_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool guard_is_new_ NETPROBE_GUARDED_BY(mutex_) = false;
  Mutex joining_;
  std::thread thread_;
};

IntelFeeds::IntelFeeds(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
IntelFeeds::~IntelFeeds() { stop(); }

Result<std::unique_ptr<IntelFeeds>> IntelFeeds::make(IntelFeedsOptions options,
                                                     const Clock& clock) {
  if (options.feeds.size() > kMostFeeds)
    return fail("there may be " + std::to_string(kMostFeeds) + " feeds at most, not " +
                    std::to_string(options.feeds.size()),
                ErrorKind::kUsage);
  std::set<std::string> names;
  for (const FeedSettings& feed : options.feeds) {
    if (!names.insert(feed.name).second)
      return fail("two feeds are called '" + feed.name + "'", ErrorKind::kUsage);
    if (!feed.passed_on.empty())
      spdlog::info("list {}: of its URL's own are the parameters {}", feed.name, feed.passed_on);
  }
  return std::unique_ptr<IntelFeeds>(
      new IntelFeeds(std::make_unique<Impl>(std::move(options), clock)));
}

void IntelFeeds::start() { impl_->start(); }
void IntelFeeds::stop() { impl_->stop(); }
AddressWatchlistPtr IntelFeeds::current() const { return impl_->current(); }
std::shared_ptr<const IntelIndex> IntelFeeds::index() const { return impl_->current(); }
WatchlistSource IntelFeeds::source() const {
  return [this] { return current(); };
}
std::uint64_t IntelFeeds::generation() const { return impl_->generation(); }
std::vector<FeedStatus> IntelFeeds::status() const { return impl_->status(); }
std::size_t IntelFeeds::bytes() const { return impl_->current()->bytes(); }
void IntelFeeds::refresh_now() { impl_->refresh_now(); }
void IntelFeeds::set_own_networks(const std::vector<IpPrefix>& own) {
  impl_->set_own_networks(own);
}

}  // namespace netprobe::intel
