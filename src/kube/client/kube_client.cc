// SPDX-License-Identifier: Apache-2.0
#include "kube/client/kube_client.h"

#include <malloc.h>
#include <poll.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <deque>
#include <limits>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "kube/client/access.h"
#include "kube/client/discovery.h"
#include "kube/client/in_cluster.h"
#include "kube/client/resource_watch.h"

namespace netprobe {
namespace kube {
namespace {

/// A sink that had no room is asked again after so long.
constexpr Nanos kRoomAgain = 5 * kMillisecond;
/// Nothing is due for longer than this without a look at the clock.
constexpr Nanos kLongestWait = kSecond;
constexpr Nanos kPublishApart = 50 * kMillisecond;
constexpr Nanos kSmallAnswer = 10 * kSecond;
constexpr std::size_t kMostSmall = 256U << 10U;
constexpr std::size_t kUsualChanges = 4'096;

class Client final : public KubeClient, public WatchHost {
 public:
  Client(KubeClientOptions options, const Clock& clock, KubeSink sink)
      : options_(std::move(options)),
        clock_(clock),
        sink_(std::move(sink)),
        transport_({.connect_timeout = options_.connect_timeout,
                    .keepalive = options_.keepalive,
                    .user_agent = options_.user_agent,
                    .http2 = options_.http2}),
        access_(options_, clock_),
        backoff_(options_.backoff_min, options_.backoff_max) {
    for (const auto& type : kResourceTypes) watches_.emplace_back(type, options_, *this);
    publish(KubeState::kConnecting);
  }
  ~Client() override { stop(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void start() override {
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }

  void stop() override {
    if (!thread_.joinable()) return;
    stopping_ = true;
    transport_.wake();
    thread_.join();
  }

  [[nodiscard]] KubeStatus status() const override NETPROBE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return published_;
  }

  [[nodiscard]] Nanos cpu_time() const override { return cpu_time_; }

 private:
  void run() {
    while (!stopping_) {
      follow_access();
      if (access_.ready()) {
        if (!discovered_) discover();
        if (discovered_)
          for (auto& watch : watches_) watch.step();
      }
      // Without room nothing more is taken from the server.
      if (deliver()) {
        dirty_ |= transport_.run();
        (void)deliver();
      }
      settle();
      wait();
    }
    transport_.cancel_all();
  }

  void follow_access() {
    const auto error = access_.error();
    const auto change = access_.step();
    dirty_ |= change != Access::Change::kNone || access_.error() != error;
    if (change == Access::Change::kNone) return;
    if (access_.ready()) transport_.set_server(access_.server(), access_.credentials());
    if (change == Access::Change::kServer) {
      transport_.cancel_all();
      asked_ = 0;
      discovered_ = false;
      for (auto& watch : watches_) watch.start_over();
    }
    backoff_.reset();
    discovery_due_ = 0;
    for (auto& watch : watches_) watch.hurry();
  }

  /// Which server it is and what it has, before anything else is asked: one
  /// that is none is told in one sentence instead of eight.
  void discover() {
    if (asked_ != 0 || clock_.monotonic() < discovery_due_) return;
    ask("/version", [this](const Outcome& outcome, const std::string& body) {
      const auto version = parse_version(body);
      const bool forbidden = outcome.status == 403 || outcome.status == 404;
      if (version) {
        version_ = *version;
      } else if (!forbidden) {
        return discovery_failed("asking for the server's version", outcome);
      }
      ask("/apis/discovery.k8s.io", [this](const Outcome& slices, const std::string& apis) {
        if (slices.failure != Outcome::Failure::kNone || slices.status == 401 ||
            slices.status == 429 || slices.status >= 500)
          return discovery_failed("asking for the server's API groups", slices);
        // Without an answer v1 is tried, and v1beta1 where that is missing.
        for (auto& watch : watches_) watch.use_older(only_older_slices(apis));
        discovery_error_.clear();
        discovered_ = true;
        backoff_.reset();
        answered();
      });
    });
  }

  void ask(std::string path, std::function<void(const Outcome&, const std::string&)> then) {
    Request request;
    request.path = std::move(path);
    request.accept = "application/json";
    request.total_timeout = kSmallAnswer;
    auto body = std::make_shared<std::string>();
    request.on_data = [body](std::string_view data) {
      *body += data;
      return body->size() <= kMostSmall;
    };
    request.on_done = [this, body, then = std::move(then)](const Outcome& outcome) {
      asked_ = 0;
      then(outcome, *body);
    };
    asked_ = transport_.start(std::move(request));
  }

  void discovery_failed(const std::string& what, const Outcome& outcome) {
    failed(outcome);
    if (!outcome.error.empty())
      discovery_error_ = what + ": " + outcome.error;
    else if (outcome.status == 200)
      discovery_error_ = what + ": " + access_.server().url + " is no Kubernetes API server";
    else
      discovery_error_ = what + ": the server answers " + std::to_string(outcome.status);
    const Nanos asked = std::min(outcome.retry_after, options_.retry_after_max);
    discovery_due_ = clock_.monotonic() + std::max(backoff_.next(), asked);
  }

  /// True: everything was taken.
  bool deliver() {
    if (outbox_.empty()) return true;
    if (!sink_(outbox_) && !outbox_.empty()) return false;
    outbox_.clear();
    // A list fills it once; changes hardly ever do.
    if (outbox_.capacity() > kUsualChanges) outbox_.shrink_to_fit();
    return true;
  }

  void wait() {
    const auto descriptors = access_.descriptors();
    if (!outbox_.empty()) {
      ::poll(nullptr, 0, static_cast<int>(kRoomAgain / kMillisecond));
      return;
    }
    const Nanos now = clock_.monotonic();
    Nanos due = std::min(now + kLongestWait, access_.due());
    if (access_.ready()) {
      if (!discovered_ && asked_ == 0) due = std::min(due, discovery_due_);
      if (discovered_)
        for (const auto& watch : watches_) due = std::min(due, watch.due());
    }
    // What is not told yet is told soon.
    if (dirty_) due = std::min(due, published_at_ + kPublishApart);
    // Up to the next millisecond, so that nothing is looked at too early.
    const Nanos left = due - now;
    if (left > 0) transport_.wait(left + kMillisecond - 1, descriptors);
  }

  [[nodiscard]] KubeState state() const {
    const bool settled =
        std::ranges::all_of(watches_, [](const auto& w) { return w.synced() || w.denied(); });
    // Without pods there are no names, whatever else there is.
    const bool pods = std::ranges::all_of(
        watches_, [](const auto& w) { return w.synced() || w.kind() != ResourceKind::kPod; });
    if (synced_at_ == 0 && !(settled && pods && outbox_.empty())) {
      const bool hopeless = !access_.ready() && !access_.error().empty();
      return hopeless || distrusted_ || (settled && !pods) ? KubeState::kFailed
                                                           : KubeState::kConnecting;
    }
    if (!access_.ready()) return KubeState::kRetrying;
    const bool failing = std::ranges::any_of(watches_, [](const auto& w) {
      return (!w.denied() || w.kind() == ResourceKind::kPod) && !w.error().empty();
    });
    return failing || !discovered_ ? KubeState::kRetrying : KubeState::kSynced;
  }

  /// Tells how it goes, and what belongs to having gone from one to the other.
  void settle() {
    const KubeState now = state();
    const bool changed = now != state_;
    if (changed) {
      state_ = now;
      if (now == KubeState::kSynced) {
        if (synced_at_ == 0) synced_at_ = clock_.wall();
        parser_.shrink();
        if (outbox_.empty()) outbox_.shrink_to_fit();
        // Lists are large and short-lived; an idle agent does not keep them.
        ::malloc_trim(0);
      }
    }
    dirty_ |= changed;
    if (!dirty_) return;
    if (changed || clock_.monotonic() - published_at_ >= kPublishApart) {
      publish(now);
      timespec used{};
      if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0)
        cpu_time_ = used.tv_sec * kSecond + used.tv_nsec;
    }
    if (changed) log();
  }

  void log() {
    const auto now = status();
    if (now.state == KubeState::kSynced)
      spdlog::info("Kubernetes API: in sync with {} ({})", now.server, now.server_version);
    else if (!now.error.empty())
      spdlog::warn("Kubernetes API: {}", now.error);
  }

  void publish(KubeState now) NETPROBE_EXCLUDES(mutex_) {
    KubeStatus status;
    status.state = now;
    status.server = access_.server().url;
    status.source = access_.server().source;
    if (status.source.empty())
      status.source = options_.kubeconfig.empty() ? "in-cluster" : options_.kubeconfig;
    status.server_version = version_;
    status.synced_at = synced_at_;
    status.error = access_.error().empty() ? discovery_error_ : access_.error();
    for (const auto& watch : watches_) {
      status.resources.push_back(watch.status());
      status.last_contact = std::max(status.last_contact, status.resources.back().last_contact);
      if (status.error.empty()) status.error = watch.error();
    }
    published_at_ = clock_.monotonic();
    dirty_ = false;
    const MutexLock lock(mutex_);
    published_ = std::move(status);
  }

  Transport& transport() override { return transport_; }
  ObjectParser& parser() override { return parser_; }
  const Clock& clock() const override { return clock_; }
  void emit(KubeChange change) override { outbox_.push_back(std::move(change)); }
  void answered() override { distrusted_ = false; }
  void failed(const Outcome& outcome) override {
    if (outcome.status == 401) {
      distrusted_ = true;
      access_.refused();
    } else if (outcome.failure == Outcome::Failure::kTls) {
      distrusted_ = true;
      access_.doubted();
    } else if (outcome.failure == Outcome::Failure::kUnreachable) {
      distrusted_ = false;
      access_.doubted();
    }
  }

  const KubeClientOptions options_;
  const Clock& clock_;
  const KubeSink sink_;
  std::atomic<bool> stopping_ = false;
  std::atomic<Nanos> cpu_time_ = 0;

  // Of the client's thread.
  Transport transport_;
  ObjectParser parser_;
  Access access_;
  Backoff backoff_;
  std::deque<ResourceWatch> watches_;
  std::vector<KubeChange> outbox_;
  Transport::Id asked_ = 0;
  bool discovered_ = false;
  Nanos discovery_due_ = 0;
  std::string discovery_error_;
  std::string version_;
  bool distrusted_ = false;  ///< we by the server, or it by us
  KubeState state_ = KubeState::kConnecting;
  Nanos synced_at_ = 0;
  Nanos published_at_ = 0;
  bool dirty_ = false;

  mutable Mutex mutex_;
  KubeStatus published_ NETPROBE_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace
}  // namespace kube

std::unique_ptr<KubeClient> KubeClient::make(KubeClientOptions options, const Clock& clock,
                                             KubeSink sink) {
  kube::take_environment(options);
  return std::make_unique<kube::Client>(std::move(options), clock, std::move(sink));
}

}  // namespace netprobe
