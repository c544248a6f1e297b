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

std::unexpected<LinkFault> impossible(std::string what) {
  return std::unexpected(LinkFault{"impossible", std::move(what)});
}

std::unexpected<LinkFault> out_of_order(std::string what) {
  return std::unexpected(LinkFault{"out_of_order", std::move(what)});
}

class LiveCall final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                       public PeerCall {
 public:
  explicit LiveCall(SessionPtr session)
      : session_(std::move(session)), heard_(session_->core->clock().monotonic()) {
    v1::LiveRequest asked;
    asked.set_query(session_->query);
    asked.set_run_id(session_->run_id);
    asked.set_after(session_->sequence);
    asked_ = message_bytes(asked);
    session_->core->stub().PrepareBidiStreamingCall(&context_, agent_method::kLive, {}, this);
  }
  void begin(const std::shared_ptr<LiveCall>& self) {
    self_ = self;
    session_->core->watch(self);
    StartWriteLast(&asked_, grpc::WriteOptions());
    StartRead(&bytes_);
    StartCall();
  }
  void look(bool all) override {
    const Nanos silent = session_->core->clock().monotonic() - heard_;
    const bool is_silent = silent > session_->core->options().live_silence;
    if (is_silent && !all) silent_ = true;
    if (all || *session_->request.cancelled || is_silent) context_.TryCancel();
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return;
    heard_ = session_->core->clock().monotonic();
    if (*session_->request.cancelled) {
      context_.TryCancel();
      return;
    }
    auto taken = session_->core->read(bytes_, reply_);
    if (taken) taken = take();
    if (!taken) {
      bad_ = taken.error();
      context_.TryCancel();
      return;
    }
    session_->core->set_silent(false);
    session_->core->contact();
    session_->backoff.reset();
    StartRead(&bytes_);
  }

  Taken take() {
    Session& session = *session_;
    if (!reply_.run_id().empty() && reply_.run_id() != session.run_id) {
      if (reply_.run_id().size() > 256) return impossible("a run's name that cannot be");
      session.run_id = reply_.run_id();
      session.based = false;
    }
    if (session.run_id.empty()) return impossible("a stream that does not say of which run it is");
    const bool has_more = reply_.has_records() || reply_.has_window();
    const std::uint64_t number = reply_.sequence();
    if (!has_more && reply_.lost() == 0) {
      // Alone: how late it is. The first says where it begins.
      if (session.based && number != 0 && number != session.sequence)
        return out_of_order(
            fmt::format("number {} behind {} with nothing in it", number, session.sequence));
    } else if (session.based && has_more && number != session.sequence + 1) {
      return out_of_order(fmt::format("number {} behind {} in a stream", number, session.sequence));
    } else if (session.based && number < session.sequence) {
      return out_of_order(fmt::format("number {} behind {} in a stream", number, session.sequence));
    }
    if (number != 0) {
      session.sequence = number;
      session.based = true;
    }
    return hand_over();
  }

  Taken hand_over() {
    LiveBatch batch;
    batch.sequence = session_->sequence;
    batch.lost = reply_.lost();
    batch.now = reply_.now();
    batch.node = session_->core->state()->node;
    if (reply_.has_records()) {
      auto records = session_->decoder.decode(reply_.records());
      if (!records)
        return impossible(fmt::format("records that cannot be: {}", records.error().message));
      session_->core->note_left_out(session_->decoder.left_out());
      // What an agent tells is its node's: nobody speaks for another.
      if (records->node != batch.node)
        return std::unexpected(
            LinkFault{"other_node", fmt::format("records of the node '{}', and is itself on '{}'",
                                                bounded_name(records->node), batch.node)});
      records->id = fmt::format("{}/{}/{}", batch.node, session_->run_id, batch.sequence);
      batch.records = std::make_shared<const HistoryBatch>(std::move(*records));
    }
    if (reply_.has_window()) {
      auto answer = std::make_shared<QueryAnswer>();
      TextBudget budget;
      auto rows = decode_rows(reply_.window().rows(), budget, *answer);
      if (!rows) return impossible(fmt::format("rows that cannot be: {}", rows.error().message));
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
    if (bad_) core->blame(*bad_);
    if (silent_ && !bad_ && !session->unwanted()) core->set_silent(true);
    if (session->unwanted()) return;
    Nanos delay = session->backoff.next();
    if (!bad_ && !status.ok() && status.error_code() != grpc::StatusCode::CANCELLED) {
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
  grpc::ByteBuffer asked_;
  grpc::ByteBuffer bytes_;
  v1::LiveReply reply_;
  std::optional<LinkFault> bad_;
  std::atomic<Nanos> heard_;
  std::atomic<bool> silent_ = false;
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
