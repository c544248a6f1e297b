// SPDX-License-Identifier: Apache-2.0
#include "link/names_client.h"

#include <fmt/format.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/client_callback.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <utility>

#include "base/backoff.h"
#include "base/mutex.h"
#include "link/channel.h"
#include "link/left_out.h"
#include "link/message_bytes.h"
#include "link/names_codec.h"
#include "link/proto/netprobe.pb.h"
#include "link/soon.h"

namespace netprobe {
namespace {

constexpr Nanos kOfferAgain = 20 * kMillisecond;
constexpr Nanos kLookEvery = kSecond;
constexpr const char* kWatch = "/netprobe.v1.Names/Watch";

class Watch;

/// What the client and its watches share; watches come and go, one at a time.
struct Core : std::enable_shared_from_this<Core> {
  Core(NamesClientOptions given, LinkCredentialsPtr use, const Clock& time, NamesLedgerPtr book,
       NamesSink to)
      : options(std::move(given)),
        credentials(std::move(use)),
        clock(time),
        ledger(std::move(book)),
        sink(std::move(to)),
        channel(make_channel(options.server, *credentials)),
        stub(channel),
        backoff(options.backoff_min, options.backoff_max) {
    status.state = KubeState::kConnecting;
    status.server = options.server;
    status.source = "netprobe-server " + options.server;
  }

  void begin();
  void end(const std::string& problem);
  /// Offers what is there; false: there is no room yet, or it has stopped.
  bool offer();

  /// Each once: a server of a later version tells of more than this one knows.
  void say_left_out(const LeftOut& more) {
    for (const std::string& name : more.names()) {
      if (!left_out.has_room() || left_out.names().contains(name)) continue;
      left_out.add(name);
      spdlog::info("names: the server {} tells what this version does not know: {}", options.server,
                   name);
    }
  }

  const NamesClientOptions options;
  const LinkCredentialsPtr credentials;
  const Clock& clock;
  const NamesLedgerPtr ledger;
  const NamesSink sink;
  std::shared_ptr<grpc::Channel> channel;
  grpc::GenericStub stub;

  // Of the watch that is under way.
  Backoff backoff;
  std::string run_id;
  std::uint64_t sequence = 0;
  bool listing = false;
  std::vector<KubeChange> changes;
  LeftOut left_out;

  Mutex mutex;  ///< held while the sink is called, so that none is after stop()
  bool stopped NETPROBE_GUARDED_BY(mutex) = false;
  KubeStatus status NETPROBE_GUARDED_BY(mutex);
  std::weak_ptr<Watch> watch NETPROBE_GUARDED_BY(mutex);
};
using CorePtr = std::shared_ptr<Core>;

class Watch final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit Watch(CorePtr core) : core_(std::move(core)), heard_(core_->clock.monotonic()) {
    v1::NamesRequest asked;
    asked.set_node(core_->options.node);
    asked.set_version(core_->options.version);
    asked.set_run_id(core_->run_id);
    asked.set_after(core_->sequence);
    asked_ = message_bytes(asked);
    core_->stub.PrepareBidiStreamingCall(&context_, kWatch, {}, this);
  }
  void begin(const std::shared_ptr<Watch>& self) {
    self_ = self;
    StartWriteLast(&asked_, grpc::WriteOptions());
    StartRead(&bytes_);
    StartCall();
    look_later(self);
  }
  void cancel() { context_.TryCancel(); }

 private:
  static void look_later(std::weak_ptr<Watch> weak) {
    run_after(kLookEvery, [weak = std::move(weak)] {
      const auto self = weak.lock();
      if (!self) return;
      if (!self->waiting_ &&
          self->core_->clock.monotonic() - self->heard_ > self->core_->options.silence)
        self->cancel();
      look_later(weak);
    });
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    heard_ = core_->clock.monotonic();
    if (const auto read = read_message(bytes_, reply_); !read) {
      bad_ = "it sent " + read.error().what;
      return cancel();
    }
    if (auto taken = take(); !taken) {
      bad_ = taken.error().message;
      return cancel();
    }
    go_on();
  }

  Status take() {
    Core& core = *core_;
    if (reply_.anew()) {
      core.run_id.clear();
      core.sequence = 0;
      core.listing = true;
      core.ledger->begin();
    }
    if (!reply_.run_id().empty()) core.run_id = reply_.run_id();
    if (reply_.sequence() != 0) {
      if (reply_.sequence() < core.sequence) return fail("the server's numbers go backwards");
      core.sequence = reply_.sequence();
    }
    LeftOut unknown;
    unknown.add_unknown(reply_);
    for (const v1::NameChange& message : reply_.changes()) {
      if (auto change = decode_change(message))
        core.changes.push_back(std::move(*change));
      else
        unknown.add_unknown(message);
    }
    core.say_left_out(unknown);
    core.ledger->note(core.changes);
    if (core.ledger->size() > core.options.max_objects) {
      core.changes.clear();
      // It is asked for everything next time; what is known stays until then.
      core.run_id.clear();
      core.sequence = 0;
      return fail(fmt::format("it tells of more than {} objects, which no cluster has",
                              core.options.max_objects));
    }
    const Nanos now = core.clock.wall();
    if (reply_.synced() && std::exchange(core.listing, false))
      for (KubeChange& gone : core.ledger->finish(now)) core.changes.push_back(std::move(gone));
    const MutexLock lock(core.mutex);
    core.status.last_contact = now;
    core.status.error = reply_.problem();
    if (reply_.synced()) {
      if (core.status.synced_at == 0) core.status.synced_at = now;
      core.status.state = KubeState::kSynced;
    }
    return {};
  }

  /// Reads on once all was taken.
  void go_on() {
    waiting_ = !core_->offer();
    if (!waiting_) {
      core_->backoff.reset();
      heard_ = core_->clock.monotonic();
      return StartRead(&bytes_);
    }
    // A read is owed: gRPC keeps the call until it was made, or was cancelled.
    AddHold();
    run_after(kOfferAgain, [this, self = self_] {
      bool stopped = false;
      {
        const MutexLock lock(core_->mutex);
        stopped = core_->stopped;
      }
      if (stopped)
        cancel();
      else
        go_on();
      RemoveHold();
    });
  }

  void OnDone(const grpc::Status& status) override {
    const auto last = std::move(self_);
    const auto who = fmt::format("the server {}", core_->options.server);
    if (!bad_.empty()) return core_->end(fmt::format("{}: {}", who, bad_));
    if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED)
      return core_->end(fmt::format("{} has no names to tell", who));
    if (status.error_code() == grpc::StatusCode::CANCELLED)
      return core_->end(fmt::format("{} is silent", who));
    core_->end(connection_problem(status.error_message(), *core_->credentials, who));
  }

  const CorePtr core_;
  std::shared_ptr<Watch> self_;
  grpc::ClientContext context_;
  grpc::ByteBuffer asked_;
  grpc::ByteBuffer bytes_;
  v1::NamesReply reply_;
  std::string bad_;
  std::atomic<bool> waiting_ = false;
  std::atomic<Nanos> heard_;
};

void Core::begin() {
  auto next = std::make_shared<Watch>(shared_from_this());
  {
    const MutexLock lock(mutex);
    if (stopped) return;
    watch = next;
  }
  retry_now(*channel);
  next->begin(next);
}

void Core::end(const std::string& problem) {
  {
    const MutexLock lock(mutex);
    if (stopped) return;
    if (status.error != problem) spdlog::warn("names: {}", problem);
    status.error = problem;
    if (status.state == KubeState::kSynced) status.state = KubeState::kRetrying;
  }
  run_after(backoff.next(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->begin();
  });
}

bool Core::offer() {
  const MutexLock lock(mutex);
  if (stopped) return false;
  return changes.empty() || sink(changes);
}

class Client final : public NamesClient {
 public:
  explicit Client(CorePtr core) : core_(std::move(core)) {}
  ~Client() override { stop(); }
  void start() override { core_->begin(); }
  void stop() override {
    std::shared_ptr<Watch> watch;
    {
      const MutexLock lock(core_->mutex);
      core_->stopped = true;
      watch = core_->watch.lock();
    }
    if (watch) watch->cancel();
  }
  KubeStatus status() const override {
    const MutexLock lock(core_->mutex);
    return core_->status;
  }

 private:
  const CorePtr core_;
};

}  // namespace

std::unique_ptr<NamesClient> NamesClient::make(NamesClientOptions options,
                                               LinkCredentialsPtr credentials, const Clock& clock,
                                               NamesLedgerPtr ledger, NamesSink sink) {
  return std::make_unique<Client>(std::make_shared<Core>(
      std::move(options), std::move(credentials), clock, std::move(ledger), std::move(sink)));
}

}  // namespace netprobe
