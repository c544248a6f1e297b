// SPDX-License-Identifier: Apache-2.0
#include "outbox/metric_push.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <optional>
#include <thread>
#include <utility>

#include "base/backoff.h"
#include "base/mutex.h"

namespace netprobe {
namespace {

// A receiver that asks for more time than this is asked again all the same.
constexpr Nanos kMostAsked = 300 * kSecond;
// While the program ends.
constexpr Nanos kLastBackoff = 50 * kMillisecond;
constexpr Nanos kSameComplaintApart = 60 * kSecond;

Nanos thread_cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

/// What the source's callbacks and the push's thread share; it lives as long as either.
struct Mailbox {
  Mutex mutex;
  std::condition_variable_any news;
  std::optional<MetricSetMaker> maker NETPROBE_GUARDED_BY(mutex);
  std::uint64_t awaited NETPROBE_GUARDED_BY(mutex) = 0;  ///< number of the request; others are late
  OutboxStatus status NETPROBE_GUARDED_BY(mutex);
  std::uint64_t queue_full NETPROBE_GUARDED_BY(mutex) = 0;
  std::uint64_t rejected NETPROBE_GUARDED_BY(mutex) = 0;
  std::uint64_t stopped NETPROBE_GUARDED_BY(mutex) = 0;
  bool stopping NETPROBE_GUARDED_BY(mutex) = false;
  bool ended NETPROBE_GUARDED_BY(mutex) = false;
  Nanos stop_at NETPROBE_GUARDED_BY(mutex) = 0;
};

struct Waiting {
  std::uint64_t set = 0;  ///< number of the set that it is a part of
  MetricBody body;
};

class ThreadedMetricPush final : public MetricPush {
 public:
  ThreadedMetricPush(ExportTarget target, Nanos every, std::unique_ptr<MetricSender> sender,
                     MetricSource source, const Clock& clock)
      : target_(std::move(target)),
        every_(every),
        sender_(std::move(sender)),
        source_(std::move(source)),
        clock_(clock),
        backoff_(200 * kMillisecond, 30 * kSecond) {
    const MutexLock lock(mailbox_->mutex);
    mailbox_->status.name = target_.name;
    mailbox_->status.where = target_.where();
  }
  ~ThreadedMetricPush() override { stop(0); }
  ThreadedMetricPush(const ThreadedMetricPush&) = delete;
  ThreadedMetricPush& operator=(const ThreadedMetricPush&) = delete;

  void start() override {
    thread_ = std::thread([this] { run(); });
  }

  void stop(Nanos patience) override {
    {
      Mailbox& box = *mailbox_;
      const MutexLock lock(box.mutex);
      if (!box.stopping) {
        box.stopping = true;
        box.stop_at = clock_.monotonic() + patience;
        box.news.notify_all();
      }
      while (thread_.joinable() && !box.ended && clock_.monotonic() < box.stop_at)
        box.news.wait_for(box.mutex, std::chrono::nanoseconds(box.stop_at - clock_.monotonic()));
    }
    if (!thread_.joinable()) return;
    sender_->stop();
    thread_.join();
  }

  [[nodiscard]] OutboxStatus status() const override {
    Mailbox& box = *mailbox_;
    const MutexLock lock(box.mutex);
    OutboxStatus status = box.status;
    status.lost = {
        {"queue_full", box.queue_full}, {"rejected", box.rejected}, {"stopped", box.stopped}};
    return status;
  }

 private:
  void run() {
    pthread_setname_np(pthread_self(), "np-push");
    next_ask_ = clock_.monotonic();
    for (;;) {
      if (auto maker = await()) take_in(*maker);
      const Nanos now = clock_.monotonic();
      if (!is_stopping_ && now >= next_ask_) ask(now);
      if (!waiting_.empty() && now >= not_before_) send_one();
      if (is_stopping_ && (waiting_.empty() || clock_.monotonic() >= stop_at_)) break;
    }
    end();
  }

  /// Until a set comes, or something is due.
  std::optional<MetricSetMaker> await() {
    Mailbox& box = *mailbox_;
    const MutexLock lock(box.mutex);
    box.status.cpu_seconds = static_cast<double>(thread_cpu_time()) / kSecond;
    while (!box.maker && box.stopping == is_stopping_) {
      Nanos due = is_stopping_ ? stop_at_ : next_ask_;
      if (!waiting_.empty()) due = std::min(due, not_before_);
      const Nanos left = due - clock_.monotonic();
      if (left <= 0 || (is_stopping_ && waiting_.empty())) break;
      box.news.wait_for(box.mutex, std::chrono::nanoseconds(left));
    }
    if (box.stopping && !is_stopping_) {
      is_stopping_ = true;
      stop_at_ = box.stop_at;
      not_before_ = 0;
    }
    return std::exchange(box.maker, std::nullopt);
  }

  void ask(Nanos now) {
    // One that was missed (the machine slept, a send hung) is not made up for.
    next_ask_ = std::max(next_ask_ + every_, now);
    std::uint64_t number = 0;
    {
      const MutexLock lock(mailbox_->mutex);
      number = ++mailbox_->awaited;
    }
    source_([box = mailbox_, number](MetricSetMaker maker) {
      const MutexLock lock(box->mutex);
      if (box->stopping || box->awaited != number || box->maker) return;
      box->maker = std::move(maker);
      box->news.notify_all();
    });
  }

  void take_in(const MetricSetMaker& maker) {
    MetricSetPtr set = maker ? maker() : nullptr;
    if (!set) return;
    std::uint64_t points = 0;
    ++newest_;
    for (MetricBody& body : sender_->encode(*set, before_.get())) {
      points += body.points;
      bytes_ += body.bytes.size();
      waiting_.push_back({newest_, std::move(body)});
    }
    before_ = std::move(set);
    std::uint64_t dropped = 0;
    while (bytes_ > target_.queue && !waiting_.empty() && waiting_.front().set != newest_)
      dropped += drop_oldest_set();
    Mailbox& box = *mailbox_;
    const MutexLock lock(box.mutex);
    box.status.seen += points;
    box.status.waiting += points - dropped;
    box.queue_full += dropped;
  }

  std::uint64_t drop_oldest_set() {
    const std::uint64_t oldest = waiting_.front().set;
    std::uint64_t points = 0;
    while (!waiting_.empty() && waiting_.front().set == oldest) {
      points += waiting_.front().body.points;
      bytes_ -= waiting_.front().body.bytes.size();
      waiting_.pop_front();
    }
    return points;
  }

  void send_one() {
    const MetricOutcome outcome = sender_->send(waiting_.front().body);
    const std::uint64_t points = waiting_.front().body.points;
    const std::uint64_t rejected = outcome.again ? 0 : std::min(outcome.rejected, points);
    if (outcome.again) {
      const Nanos asked = std::min(outcome.wait, kMostAsked);
      const Nanos wait = asked > 0 ? asked + backoff_.spread(asked / 4) : backoff_.next();
      not_before_ = clock_.monotonic() + (is_stopping_ ? std::min(wait, kLastBackoff) : wait);
    } else {
      backoff_.reset();
      bytes_ -= waiting_.front().body.bytes.size();
      waiting_.pop_front();
    }
    complain(outcome);
    Mailbox& box = *mailbox_;
    const MutexLock lock(box.mutex);
    OutboxStatus& status = box.status;
    status.bytes += outcome.bytes;
    status.connected = !outcome.again;
    status.problem = outcome.problem;
    if (outcome.again) {
      ++status.retries;
      return;
    }
    status.waiting -= points;
    status.sent += points - rejected;
    box.rejected += rejected;
    if (rejected == points) return;
    ++status.batches;
    status.last_sent = clock_.wall();
  }

  void complain(const MetricOutcome& outcome) {
    if (outcome.problem.empty()) {
      if (has_complained_)
        spdlog::info("export {}: {} takes metrics again", target_.name, target_.where());
      has_complained_ = false;
      return;
    }
    const Nanos now = clock_.monotonic();
    if (outcome.problem == complained_ && now < last_complaint_ + kSameComplaintApart) return;
    complained_ = outcome.problem;
    last_complaint_ = now;
    has_complained_ = true;
    spdlog::warn("export {} to {}: {}{}", target_.name, target_.where(), outcome.problem,
                 outcome.again ? "; it is tried again, and metrics wait" : "");
  }

  void end() {
    Mailbox& box = *mailbox_;
    const MutexLock lock(box.mutex);
    box.stopped += box.status.waiting;
    box.status.waiting = 0;
    box.status.cpu_seconds = static_cast<double>(thread_cpu_time()) / kSecond;
    box.ended = true;
    box.news.notify_all();
  }

  const ExportTarget target_;
  const Nanos every_;
  const std::unique_ptr<MetricSender> sender_;
  const MetricSource source_;
  const Clock& clock_;
  const std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  std::thread thread_;

  // Of the thread alone.
  Backoff backoff_;
  std::deque<Waiting> waiting_;
  std::size_t bytes_ = 0;     ///< of them
  MetricSetPtr before_;       ///< encoded last
  std::uint64_t newest_ = 0;  ///< number of the newest set
  Nanos next_ask_ = 0;
  Nanos not_before_ = 0;  ///< the receiver is left alone until then
  Nanos last_complaint_ = 0;
  std::string complained_;
  bool has_complained_ = false;
  bool is_stopping_ = false;  ///< as of the last look
  Nanos stop_at_ = 0;
};

}  // namespace

std::unique_ptr<MetricPush> MetricPush::make(ExportTarget target, Nanos every,
                                             std::unique_ptr<MetricSender> sender,
                                             MetricSource source, const Clock& clock) {
  return std::make_unique<ThreadedMetricPush>(std::move(target), every, std::move(sender),
                                              std::move(source), clock);
}

}  // namespace netprobe
