// SPDX-License-Identifier: Apache-2.0
#include "link/agent_service.h"

#include <fmt/format.h>
#include <grpcpp/support/byte_buffer.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "link/answer_codec.h"
#include "link/call_slots.h"
#include "link/live_hub.h"
#include "link/log_limit.h"
#include "link/message_bytes.h"
#include "link/proto/netprobe.grpc.pb.h"
#include "link/protocol.h"
#include "link/reply_writer.h"
#include "link/shared_slice.h"
#include "link/soon.h"
#include "link/sums_codec.h"

namespace netprobe {
namespace {

constexpr Nanos kLostAge = 2 * kSecond;
constexpr Nanos kSnapshotAge = 100 * kMillisecond;
constexpr std::size_t kPagePart = 256UL * 1024;
constexpr std::size_t kMaxPath = 256;
constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxPageQuery = 64UL * 1024;
// Of one query, whatever is asked for: an answer is held in memory until it is sent.
constexpr std::size_t kMostRows = 1'000'000;
constexpr Micros kMostTime = 240 * 1'000'000LL;

grpc::Status refused(const CallSlots& slots, std::string_view what) {
  return {grpc::StatusCode::RESOURCE_EXHAUSTED,
          fmt::format("this agent answers {} {} at once and no more: ask again later", slots.most(),
                      what)};
}

LinkCounts::Calls calls_of(std::string_view kind, const CallSlots& slots) {
  return {.kind = kind, .taken = slots.taken(), .refused = slots.refused(), .now = slots.used()};
}

grpc::StatusCode code_of(QueryFailure::Kind kind) {
  using enum QueryFailure::Kind;
  switch (kind) {
    case kBadQuery:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case kTooBroad:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case kCancelled:
      return grpc::StatusCode::CANCELLED;
    case kNoStore:
      return grpc::StatusCode::UNAVAILABLE;
    case kFailed:
      break;
  }
  return grpc::StatusCode::INTERNAL;
}

using SharedSources = std::shared_ptr<const AgentSources>;

std::expected<Query, QueryFailure> parse(const std::string& text, Nanos now) {
  auto query = parse_query(text, now);
  if (query) return std::move(*query);
  return std::unexpected(
      QueryFailure{QueryFailure::Kind::kBadQuery,
                   fmt::format("this agent does not understand the query: {} (at byte {})",
                               query.error().message, query.error().column + 1)});
}

/// An answer in parts. Whoever answers holds the writer until he has.
class QueryWriter final : public ReplyWriter<v1::QueryReply> {
 public:
  QueryWriter(SharedSources sources, CallSlots::Slot slot)
      : shared_(std::move(sources)), sources_(*shared_), slot_(std::move(slot)) {}

  void ask(const v1::QueryRequest& asked) {
    auto query = parse(asked.query(), sources_.clock.wall());
    if (!query) return finish(std::unexpected(query.error()));
    QueryRequest request;
    request.query = std::move(*query);
    if (asked.rows() > 0) request.limits.rows = std::min<std::size_t>(asked.rows(), kMostRows);
    if (asked.rows_read() > 0) request.limits.rows_read = asked.rows_read();
    if (asked.time() > 0) request.limits.time = std::min<Micros>(asked.time(), kMostTime);
    request.cursor = asked.cursor();
    request.cancelled = cancelled_;
    auto self = std::static_pointer_cast<QueryWriter>(shared_from_this());
    auto done = [self](std::expected<QueryAnswer, QueryFailure> result) {
      self->finish(std::move(result));
    };
    if (asked.live() && sources_.live) return sources_.live(std::move(request), std::move(done));
    if (asked.live() || sources_.history == nullptr)
      return finish(std::unexpected(
          QueryFailure{QueryFailure::Kind::kNoStore, "there is no history at this agent"}));
    auto send = [history = sources_.history, request = std::move(request), done] {
      history->query(request, done);
    };
    if (asked.fresh() && sources_.flush_history && asked.cursor().empty())
      sources_.flush_history(std::move(send));
    else
      send();
  }

 private:
  void finish(std::expected<QueryAnswer, QueryFailure> result) {
    if (*cancelled_) return;
    auto self = std::static_pointer_cast<QueryWriter>(shared_from_this());
    auto held = std::make_shared<std::expected<QueryAnswer, QueryFailure>>(std::move(result));
    // The callback may be on the data thread: it only hands over.
    sources_.snapshots.request(kLostAge, false, [self, held](SnapshotPtr snapshot) {
      run_soon([self, held, snapshot = std::move(snapshot)] {
        self->answer(std::move(*held), snapshot);
      });
    });
  }
  void answer(std::expected<QueryAnswer, QueryFailure> result, SnapshotPtr snapshot) {
    {
      const MutexLock lock(answer_mutex_);
      answer_ = std::move(result);
      snapshot_ = std::move(snapshot);
    }
    pump();
  }
  Next fill(v1::QueryReply& message, grpc::WriteOptions& options, grpc::Status& end) override {
    const MutexLock lock(answer_mutex_);
    if (!answer_) return Next::kNothing;
    if (told_) {
      end = grpc::Status::OK;
      return Next::kEnd;
    }
    message.Clear();
    options.clear_no_compression();
    if (!*answer_) {
      told_ = true;
      encode_failure(answer_->error(), *message.mutable_failed());
      return Next::kMessage;
    }
    const QueryAnswer& answer = **answer_;
    // Columns are told even where there is no row.
    if (row_ < answer.rows.size() || (!columns_told_ && !answer.columns.empty())) {
      columns_told_ = true;
      const std::size_t count = rows_that_fit(answer, row_);
      encode_rows(answer, row_, count, *message.mutable_rows());
      row_ += count;
      return Next::kMessage;
    }
    told_ = true;
    encode_end(answer, *message.mutable_end());
    if (snapshot_) encode_lost(snapshot_->losses, *message.mutable_end()->mutable_lost());
    return Next::kMessage;
  }
  void gone() override { *cancelled_ = true; }

  const SharedSources shared_;  ///< an engine may answer when the service is gone
  const AgentSources& sources_;
  CallSlots::Slot slot_;
  const std::shared_ptr<std::atomic<bool>> cancelled_ = std::make_shared<std::atomic<bool>>(false);
  Mutex answer_mutex_;
  std::optional<std::expected<QueryAnswer, QueryFailure>> answer_
      NETPROBE_GUARDED_BY(answer_mutex_);
  SnapshotPtr snapshot_ NETPROBE_GUARDED_BY(answer_mutex_);
  std::size_t row_ NETPROBE_GUARDED_BY(answer_mutex_) = 0;
  bool columns_told_ NETPROBE_GUARDED_BY(answer_mutex_) = false;
  bool told_ NETPROBE_GUARDED_BY(answer_mutex_) = false;
};

class LiveWriter final : public ReplyWriter<grpc::ByteBuffer> {
 public:
  explicit LiveWriter(CallSlots::Slot slot) : slot_(std::move(slot)) {}

  std::expected<void, QueryFailure> open(LiveHub& hub, const Query& query,
                                         const v1::LiveRequest& request) {
    auto stream = hub.open(query, request.run_id(), request.after(), [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->pump();
    });
    if (!stream) return std::unexpected(stream.error());
    stream_ = std::move(*stream);
    return {};
  }

 private:
  Next fill(grpc::ByteBuffer& message, grpc::WriteOptions& options, grpc::Status&) override {
    auto next = stream_->next();
    if (!next) return Next::kNothing;
    // A batch is short and was made for all who get it.
    options.set_no_compression();
    std::vector<grpc::Slice> slices;
    if (!next->head.empty()) slices.emplace_back(next->head);
    if (next->body) slices.push_back(shared_slice(std::move(next->body)));
    message = grpc::ByteBuffer(slices.data(), slices.size());
    return Next::kMessage;
  }

  CallSlots::Slot slot_;
  LiveHub::StreamPtr stream_;  ///< set before the first message
};

class PageWriter final : public ReplyWriter<v1::PageReply> {
 public:
  explicit PageWriter(CallSlots::Slot slot) : slot_(std::move(slot)) {}

  void answer(PageAnswer answer) {
    {
      const MutexLock lock(answer_mutex_);
      answer_ = std::move(answer);
    }
    pump();
  }

 private:
  Next fill(v1::PageReply& message, grpc::WriteOptions& /*options*/, grpc::Status& end) override {
    const MutexLock lock(answer_mutex_);
    if (!answer_) return Next::kNothing;
    if (begun_ && sent_ >= answer_->body.size()) {
      end = grpc::Status::OK;
      return Next::kEnd;
    }
    message.Clear();
    if (!begun_) {
      message.set_status(static_cast<std::uint32_t>(answer_->status));
      message.set_content_type(answer_->content_type);
    }
    begun_ = true;
    message.set_body(answer_->body.substr(sent_, kPagePart));
    sent_ += message.body().size();
    return Next::kMessage;
  }

  CallSlots::Slot slot_;
  Mutex answer_mutex_;
  std::optional<PageAnswer> answer_ NETPROBE_GUARDED_BY(answer_mutex_);
  std::size_t sent_ NETPROBE_GUARDED_BY(answer_mutex_) = 0;
  bool begun_ NETPROBE_GUARDED_BY(answer_mutex_) = false;
};

using HelloPart = v1::Agent::WithCallbackMethod_Hello<v1::Agent::Service>;
using QueryPart = v1::Agent::WithCallbackMethod_Query<HelloPart>;
using LivePart = v1::Agent::WithRawCallbackMethod_Live<QueryPart>;
using PagePart = v1::Agent::WithCallbackMethod_Page<LivePart>;
using AllParts = v1::Agent::WithCallbackMethod_Sums<PagePart>;

}  // namespace

class AgentService::Impl final : public AllParts {
 public:
  Impl(AgentServiceOptions options, AgentSources sources, LiveHub& live)
      : options_(std::move(options)),
        sources_(std::make_shared<const AgentSources>(std::move(sources))),
        live_(live),
        queries_(options_.max_queries),
        streams_(options_.max_streams),
        pages_(options_.max_pages),
        sums_(options_.max_sums),
        hellos_(options_.max_hellos),
        stalls_(std::make_shared<StallWatch>()),
        limit_(sources_->clock) {
    stalls_->patience = options_.patience;
  }

  grpc::ServerUnaryReactor* Hello(grpc::CallbackServerContext* context,
                                  const v1::HelloRequest* request, v1::HelloReply* reply) override {
    auto slot = hellos_.take();
    const bool has_room = static_cast<bool>(slot);
    auto* reactor = new UnaryAnswer(std::move(slot), context, stalls_);
    if (!has_room) {
      reactor->Finish(refused(hellos_, "greetings"));
      return reactor;
    }
    // Who is too old or too new still reads what this side speaks.
    const auto common =
        common_protocol({options_.protocol_oldest, options_.protocol_newest},
                        {request->protocol_oldest(), request->protocol_newest()},
                        fmt::format("'{}' (version {})", request->name().substr(0, kMaxName),
                                    request->version().substr(0, kMaxName)),
                        options_.version);
    if (!common)
      if (const auto more = limit_.allow(); more) spdlog::warn("{}", common.error().message);
    reply->set_node(options_.node);
    reply->set_version(options_.version);
    reply->set_protocol_oldest(options_.protocol_oldest);
    reply->set_protocol_newest(options_.protocol_newest);
    reply->set_run_id(options_.run_id);
    reply->set_started(to_micros(options_.started));
    reply->set_history(sources_->history == nullptr ? "off" : sources_->history->status().engine);
    sources_->snapshots.request(kLostAge, false, [this, reactor, reply](const SnapshotPtr& taken) {
      run_soon([this, reactor, reply, taken] {
        if (taken) encode_lost(taken->losses, *reply->mutable_lost());
        reply->set_now(to_micros(sources_->clock.wall()));
        reactor->Finish(grpc::Status::OK);
      });
    });
    return reactor;
  }

  grpc::ServerWriteReactor<v1::QueryReply>* Query(grpc::CallbackServerContext* context,
                                                  const v1::QueryRequest* request) override {
    auto slot = queries_.take();
    if (!slot) return new Refusal<v1::QueryReply>(refused(queries_, "queries"));
    context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
    auto writer = std::make_shared<QueryWriter>(sources_, std::move(slot));
    auto* raw = writer.get();
    raw->begin(writer, context, stalls_);
    writer->ask(*request);
    return raw;
  }

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Live(grpc::CallbackServerContext* context,
                                                   const grpc::ByteBuffer* bytes) override {
    using Refused = Refusal<grpc::ByteBuffer>;
    v1::LiveRequest request;
    grpc::ByteBuffer copy(*bytes);
    if (!read_message(copy, request)) return new Refused(unreadable());
    auto slot = streams_.take();
    if (!slot) return new Refused(refused(streams_, "live streams"));
    const auto query = parse(request.query(), sources_->clock.wall());
    if (!query) return new Refused({code_of(query.error().kind), query.error().message});
    auto writer = std::make_shared<LiveWriter>(std::move(slot));
    if (auto opened = writer->open(live_, *query, request); !opened)
      return new Refused({code_of(opened.error().kind), opened.error().message});
    auto* raw = writer.get();
    raw->begin(std::move(writer), context, stalls_);
    return raw;
  }

  grpc::ServerWriteReactor<v1::PageReply>* Page(grpc::CallbackServerContext* context,
                                                const v1::PageRequest* request) override {
    using Refused = Refusal<v1::PageReply>;
    const std::string& path = request->path();
    const bool known = path.starts_with("/api/") || path == "/metrics";
    if (!known || path.size() > kMaxPath || request->query().size() > kMaxPageQuery)
      return new Refused({grpc::StatusCode::INVALID_ARGUMENT,
                          "pages are those of /api/ and /metrics, with a query of at most 64 KiB"});
    if (!sources_->page)
      return new Refused({grpc::StatusCode::UNIMPLEMENTED, "this agent has no pages"});
    auto slot = pages_.take();
    if (!slot) return new Refused(refused(pages_, "pages"));
    context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
    auto writer = std::make_shared<PageWriter>(std::move(slot));
    auto* raw = writer.get();
    raw->begin(writer, context, stalls_);
    sources_->page(path, request->query(),
                   [writer](PageAnswer answer) { writer->answer(std::move(answer)); });
    return raw;
  }

  grpc::ServerUnaryReactor* Sums(grpc::CallbackServerContext* context, const v1::SumsRequest*,
                                 v1::SumsReply* reply) override {
    auto slot = sums_.take();
    const bool has_room = static_cast<bool>(slot);
    auto* reactor = new UnaryAnswer(std::move(slot), context, stalls_);
    if (!has_room) {
      reactor->Finish(refused(sums_, "questions for sums"));
      return reactor;
    }
    context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
    sources_->snapshots.request(kSnapshotAge, false, [this, reactor, reply](SnapshotPtr taken) {
      run_soon([this, reactor, reply, taken = std::move(taken)] {
        reactor->Finish(
            taken ? fill(*taken, *reply)
                  : grpc::Status(grpc::StatusCode::UNAVAILABLE, "the agent starts or ends"));
      });
    });
    return reactor;
  }

  [[nodiscard]] AgentServiceCounts counts() const {
    return {
        .refused_queries = queries_.refused(),
        .refused_streams = streams_.refused(),
        .refused_pages = pages_.refused(),
        .refused_sums = sums_.refused(),
        .refused_hellos = hellos_.refused(),
        .unreadable = unreadable_,
        .stalled = stalls_->ended,
        .queries = queries_.used(),
        .streams = streams_.used(),
        .calls = {calls_of("query", queries_), calls_of("stream", streams_),
                  calls_of("page", pages_), calls_of("sums", sums_), calls_of("hello", hellos_)}};
  }

 private:
  grpc::Status unreadable() {
    ++unreadable_;
    return {grpc::StatusCode::INVALID_ARGUMENT,
            "the request cannot be read: is the caller of another version?"};
  }
  grpc::Status fill(const Snapshot& snapshot, v1::SumsReply& reply) const {
    reply.set_run_id(options_.run_id);
    encode_sums(snapshot, reply);
    if (reply.ByteSizeLong() < kMaxMessageBytes) return grpc::Status::OK;
    return {grpc::StatusCode::RESOURCE_EXHAUSTED,
            "there are more pairs of workloads than one message has room for: "
            "--max-workload-pairs at the agent bounds them"};
  }

  const AgentServiceOptions options_;
  const SharedSources sources_;
  LiveHub& live_;
  CallSlots queries_;
  CallSlots streams_;
  CallSlots pages_;
  CallSlots sums_;
  CallSlots hellos_;
  const StallWatchPtr stalls_;
  std::atomic<std::uint64_t> unreadable_ = 0;
  LogLimit limit_;
};

AgentServiceCounts AgentService::counts() const { return impl_->counts(); }

AgentService::AgentService(AgentServiceOptions options, AgentSources sources, LiveHub& live)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(sources), live)) {}

AgentService::~AgentService() = default;

grpc::Service& AgentService::service() { return *impl_; }

}  // namespace netprobe
