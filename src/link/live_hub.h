// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "link/live_channel.h"
#include "model/readers.h"
#include "query/history_store.h"

namespace netprobe {

struct LiveHubOptions {
  std::string node;
  std::string run_id;
  Nanos batch_time = 200 * kMillisecond;  ///< what comes in it is one message
  std::size_t batch_records = 1000;       ///< or so many are
  Nanos keep = 10 * kSecond;              ///< what was sent, for who comes again
  Nanos keep_alone = 30 * kSecond;        ///< a question without a stream
  std::size_t max_bytes = 32U << 20U;     ///< of what is kept, all together
  std::size_t max_channels = 32;          ///< different questions at once
  std::size_t max_backlog = 64;           ///< batches of the feed that may wait
  Nanos heartbeat = kSecond;
};

/// Live flows, and alerts as they are told, for those who stream them. Their threads only hand
/// batches over; a
/// thread of its own, which runs while somebody asks, matches them, and writes each
/// message once, however many get it. Streams of one question share its messages and
/// their numbers, and are kept for a while without a stream, so that one that broke
/// goes on where it was. A stream that is too slow is told what it missed.
class LiveHub {
 public:
  /// `alerts`: null where there are none.
  LiveHub(LiveHubOptions options, FlowFeed& feed, const Clock& clock, AlertFeed* alerts = nullptr);
  ~LiveHub();
  LiveHub(const LiveHub&) = delete;
  LiveHub& operator=(const LiveHub&) = delete;

  /// One stream. Its methods may be called from any thread.
  class Stream {
   public:
    Stream(LiveHub& hub, LiveChannelPtr channel, LivePlace place)
        : hub_(hub), channel_(std::move(channel)), place_(place) {}
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    /// What is to be sent next: a LiveReply in two parts, which belong behind each
    /// other. Nothing: `wake` will be called.
    [[nodiscard]] std::optional<LiveMessage> next();

   private:
    friend LiveHub;
    LiveHub& hub_;
    LiveChannelPtr channel_;
    LivePlace place_;  ///< guarded by the hub's mutex
    std::function<void()> wake_;
  };
  using StreamPtr = std::shared_ptr<Stream>;

  /// `run_id`, `after`: of a stream that broke; empty: a new one. `wake` is called on
  /// the hub's thread when there may be more; it must only hand over. The hub outlives
  /// its streams.
  [[nodiscard]] std::expected<StreamPtr, QueryFailure> open(const Query& query,
                                                            const std::string& run_id,
                                                            std::uint64_t after,
                                                            std::function<void()> wake);
  /// Ends the thread; streams get nothing more. Idempotent.
  void stop();
  [[nodiscard]] std::size_t channels() const NETPROBE_EXCLUDES(mutex_);
  /// Of messages that are kept for streams, of all questions.
  [[nodiscard]] std::size_t kept_bytes() const NETPROBE_EXCLUDES(mutex_);

 private:
  struct Inbox;
  struct News;
  void run();
  void turn(Nanos now);
  [[nodiscard]] News take_news();
  void begin_thread() NETPROBE_REQUIRES(mutex_);
  void subscribe(RecordKind kind) NETPROBE_REQUIRES(mutex_);
  /// Forgets questions that nobody has asked for a while; false: none is left.
  bool drop_old(Nanos now) NETPROBE_EXCLUDES(mutex_);
  std::vector<StreamPtr> streams() NETPROBE_EXCLUDES(mutex_);

  const LiveHubOptions options_;
  FlowFeed& feed_;
  AlertFeed* const alerts_;
  const Clock& clock_;
  const std::shared_ptr<Inbox> inbox_;
  // 0: none. Set while the thread is wanted, which ends them when it is not.
  std::uint64_t subscription_ = 0;
  std::uint64_t alert_subscription_ = 0;

  mutable Mutex mutex_;
  std::vector<LiveChannelPtr> channels_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<Stream>> streams_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t next_channel_ NETPROBE_GUARDED_BY(mutex_) = 1;
  bool running_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool stopped_ NETPROBE_GUARDED_BY(mutex_) = false;
  std::thread thread_ NETPROBE_GUARDED_BY(mutex_);
};

}  // namespace netprobe
