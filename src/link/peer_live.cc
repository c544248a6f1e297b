// SPDX-License-Identifier: Apache-2.0
// A live stream from one agent, taken up again when it breaks.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <utility>

#include "link/answer_codec.h"
#include "link/peer_core.h"
#include "link/records_codec.h"
#include "link/soon.h"

namespace netprobe {
namespace {

/// What a stream is while its calls come and go. Touched by one call at a time.
struct Session {
  Session(PeerCorePtr peer, LiveRequest asked, LiveHandler to)
      : core(std::move(peer)),
        request(std::move(asked)),
        query(canonical(request.query)),
        handler(std::move(to)),
        backoff(core->options().backoff_min, core->options().backoff_max) {}

  [[nodiscard]] bool unwanted() const { return *request.cancelled || core->closed(); }

  const PeerCorePtr core;
  const LiveRequest request;
  const std::string query;
  const LiveHandler handler;
  Backoff backoff;
  RecordsDecoder decoder;
  std::string run_id;  ///< of what was received; empty: nothing was
  std::uint64_t sequence = 0;
  bool based = false;  ///< `sequence` is where the agent began
};
using SessionPtr = std::shared_ptr<Session>;

void begin(const SessionPtr& session);

void begin_when_ready(const SessionPtr& session) {
  if (session->unwanted()) return;
  session->core->when_ready([session] { begin(session); });
}

class LiveCall final : public grpc::ClientReadReactor<v1::LiveReply>, public PeerCall {
 public:
  explicit LiveCall(SessionPtr session)
      : session_(std::move(session)), heard_(session_->core->clock().monotonic()) {
    asked_.set_query(session_->query);
    asked_.set_run_id(session_->run_id);
    asked_.set_after(session_->sequence);
    session_->core->stub().Live(&context_, &asked_, this);
  }
  void begin(const std::shared_ptr<LiveCall>& self) {
    self_ = self;
    session_->core->watch(self);
    StartRead(&reply_);
    StartCall();
  }
  void look(bool all) override {
    const Nanos silent = session_->core->clock().monotonic() - heard_;
    if (all || *session_->request.cancelled || silent > session_->core->options().live_silence)
      context_.TryCancel();
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return;
    heard_ = session_->core->clock().monotonic();
    if (*session_->request.cancelled) {
      context_.TryCancel();
      return;
    }
    if (auto taken = take(); !taken) {
      bad_ = taken.error().message;
      context_.TryCancel();
      return;
    }
    session_->core->contact();
    session_->backoff.reset();
    StartRead(&reply_);
  }

  Status take() {
    Session& session = *session_;
    if (!reply_.run_id().empty() && reply_.run_id() != session.run_id) {
      if (reply_.run_id().size() > 256) return fail("a run's name that cannot be");
      session.run_id = reply_.run_id();
      session.based = false;
    }
    if (session.run_id.empty()) return fail("a stream that does not say of which run it is");
    const bool has_more = reply_.has_records() || reply_.has_window();
    const std::uint64_t number = reply_.sequence();
    if (!has_more && reply_.lost() == 0) {
      // Alone: how late it is. The first says where it begins.
      if (session.based && number != 0 && number != session.sequence)
        return fail(
            fmt::format("number {} behind {} with nothing in it", number, session.sequence));
    } else if (session.based && has_more && number != session.sequence + 1) {
      return fail(fmt::format("number {} behind {} in a stream", number, session.sequence));
    } else if (session.based && number < session.sequence) {
      return fail(fmt::format("number {} behind {} in a stream", number, session.sequence));
    }
    if (number != 0) {
      session.sequence = number;
      session.based = true;
    }
    return hand_over();
  }

  Status hand_over() {
    LiveBatch batch;
    batch.sequence = session_->sequence;
    batch.lost = reply_.lost();
    batch.now = reply_.now();
    batch.node = session_->core->state()->node;
    if (reply_.has_records()) {
      auto records = session_->decoder.decode(reply_.records());
      if (!records) return fail(fmt::format("records that cannot be: {}", records.error().message));
      if (batch.node.empty()) batch.node = records->node;
      records->id = fmt::format("{}/{}/{}", batch.node, session_->run_id, batch.sequence);
      batch.records = std::make_shared<const HistoryBatch>(std::move(*records));
    }
    if (reply_.has_window()) {
      auto answer = std::make_shared<QueryAnswer>();
      TextBudget budget;
      auto rows = decode_rows(reply_.window().rows(), budget, *answer);
      if (!rows) return fail(fmt::format("rows that cannot be: {}", rows.error().message));
      answer->tier = Tier::kLive;
      answer->since = reply_.window().begin();
      answer->until = reply_.window().end();
      answer->truncated = reply_.window().folded();
      batch.window = std::move(answer);
    }
    session_->handler(std::move(batch));
    return {};
  }

  void OnDone(const grpc::Status& status) override {
    const auto last = std::move(self_);
    const SessionPtr session = session_;
    const PeerCorePtr& core = session->core;
    if (!bad_.empty()) core->blame(bad_);
    if (session->unwanted()) return;
    Nanos delay = session->backoff.next();
    if (bad_.empty() && !status.ok() && status.error_code() != grpc::StatusCode::CANCELLED) {
      const QueryFailure failure = core->failure_of(status);
      // It will not be better next time: slowly.
      if (failure.kind == QueryFailure::Kind::kBadQuery ||
          status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
        delay = core->options().cut_off;
        spdlog::warn("no live stream from {}: {}", core->options().address, failure.message);
      }
    }
    run_after(delay, [session] { begin_when_ready(session); });
  }

  const SessionPtr session_;
  std::shared_ptr<LiveCall> self_;
  grpc::ClientContext context_;
  v1::LiveRequest asked_;
  v1::LiveReply reply_;
  std::string bad_;
  std::atomic<Nanos> heard_;
};

void begin(const SessionPtr& session) {
  if (session->unwanted()) return;
  auto call = std::make_shared<LiveCall>(session);
  call->begin(call);
}

}  // namespace

void begin_live(const PeerCorePtr& core, LiveRequest request, LiveHandler handler) {
  begin_when_ready(std::make_shared<Session>(core, std::move(request), std::move(handler)));
}

}  // namespace netprobe
