// SPDX-License-Identifier: Apache-2.0
#include "api/asker.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "api/live_records.h"
#include "query/sql.h"

namespace netprobe {
namespace {

/// What ends no longer ago than this may still be on its way into the store.
constexpr Nanos kFresh = 5 * kSecond;

/// " (the disk is full)", where it is known.
std::string why_off(const ApiSources& sources) {
  if (sources.history == nullptr) return {};
  const std::string problem = sources.history->status().problem;
  return problem.empty() ? "" : " (" + problem + ")";
}

/// One question on its way. Held by whoever has to go on with it.
struct Question final : MorePages, std::enable_shared_from_this<Question> {
  Question(ApiContextPtr c, HttpReply r) : context(std::move(c)), reply(std::move(r)) {}

  void begin();
  void ask_live();
  void answer_live();
  void ask_store();
  void send(QueryDone done);
  void finish(std::expected<QueryAnswer, QueryFailure> result);

  // Pages behind the first one.
  [[nodiscard]] bool wanted() const override { return left > 0 && !request.cursor.empty(); }
  void next(QueryDone done) override { send(std::move(done)); }
  void cancel() override { *request.cancelled = true; }
  /// Asks for one page at a time from now on.
  void use_pages(std::size_t page);
  /// What is left once this page is there.
  void note(const QueryAnswer& answer);

  ApiContextPtr context;
  HttpReply reply;
  bool live = false;
  bool fell_back = false;  ///< history was wanted, if there were any
  Query asked;             ///< as it is told
  QueryRequest request;
  std::size_t page = 0;  ///< records of one; 0: all at once
  std::size_t left = 0;  ///< records that are still wanted
  SnapshotPtr snapshot;
  std::function<HttpResponse(Found&)> render;
};

void Question::begin() {
  // The callback may run on the data thread: it must only hand over.
  context->sources.snapshots.request(
      kSnapshotAge, live, [self = shared_from_this()](SnapshotPtr taken) {
        self->reply.run([self, taken = std::move(taken)]() mutable {
          if (!taken)
            return self->reply(
                problem(503, "the agent has no data to answer from: it is starting or stopping"));
          self->snapshot = std::move(taken);
          if (self->live)
            self->ask_live();
          else
            self->ask_store();
        });
      });
}

void Question::ask_live() {
  if (context->live_worker == nullptr) {
    request.live = true;
    return ask_store();
  }
  if (!context->live_worker->post([self = shared_from_this()] { self->answer_live(); }))
    reply(problem(503, std::to_string(AskWorker::kMostWaiting) +
                           " questions of what is live wait already: ask again in a moment"));
}

void Question::answer_live() {
  // Who left while this waited wants no work done.
  if (*request.cancelled)
    return finish(std::unexpected(QueryFailure{QueryFailure::Kind::kCancelled, "nobody waits"}));
  const LiveRecords records(*snapshot, request.query.kind);
  auto result = evaluate(request, records.refs());
  if (result) {
    result->tier = Tier::kLive;
    result->kept_since = snapshot->started_at / kMicrosecond;
    if (fell_back)
      result->warnings.emplace_back(
          "history is off" + why_off(context->sources) +
          ": this is what the agent has in memory, and what ended is not in it");
  }
  finish(std::move(result));
}

void Question::ask_store() {
  const Nanos now = context->sources.clock.wall();
  const auto& until = request.query.until;
  const bool reaches_now = !until || *until > (now - kFresh) / kMicrosecond;
  const bool first_page = request.cursor.empty();
  request.fresh = reaches_now && first_page;  // where the store is agents elsewhere
  const auto ask_now = [self = shared_from_this()] {
    self->send([self](std::expected<QueryAnswer, QueryFailure> result) {
      self->finish(std::move(result));
    });
  };
  if (!context->sources.flush_history || !request.fresh) return ask_now();
  context->sources.flush_history(ask_now);
}

void Question::send(QueryDone done) {
  if (page > 0) request.query.limit = std::min(left, page);
  // A copy: the query is told with the answer.
  context->sources.history->query(request, [self = shared_from_this(), done = std::move(done)](
                                               std::expected<QueryAnswer, QueryFailure> result) {
    if (result) self->note(*result);
    done(std::move(result));
  });
}

void Question::use_pages(std::size_t records) {
  const std::size_t all = row_bound(request.query, request.limits.rows);
  const bool in_order = !request.query.is_aggregate() && request.query.order.empty();
  if (live || records == 0 || !in_order || all <= records) return;
  page = records;
  left = all;
}

void Question::note(const QueryAnswer& answer) {
  if (page == 0) return;
  left -= std::min(left, answer.rows.size());
  request.cursor = answer.cursor;
}

void Question::finish(std::expected<QueryAnswer, QueryFailure> result) {
  if (!result) return reply(failure_response(result.error()));
  if (*request.cancelled)
    return reply(failure_response({QueryFailure::Kind::kCancelled, "nobody waits for the answer"}));
  Found found{.query = asked,
              .answer = std::move(*result),
              .snapshot = snapshot,
              .history = std::nullopt,
              .more = nullptr};
  if (!live) found.history = context->sources.history->status();
  if (page > 0 && wanted()) found.more = shared_from_this();
  reply(render(found));
}

}  // namespace

bool has_history(const ApiSources& sources) {
  return sources.history != nullptr && sources.history->status().engine != "off";
}

void ask(const ApiContextPtr& context, const HttpReply& reply, Ask ask,
         std::function<HttpResponse(Found&)> render) {
  const bool kept = has_history(context->sources);
  if (ask.source == Source::kHistory && !kept)
    return reply(
        problem(503, "history is off at this agent" + why_off(context->sources) +
                         ": --enable-history=true turns it on, source=live asks what is in "
                         "memory"));
  auto question = std::make_shared<Question>(context, reply);
  question->live = ask.source == Source::kLive || !kept;
  question->fell_back = question->live && ask.source == Source::kAuto;
  question->asked = ask.query;
  question->request.query = std::move(ask.query);
  question->request.limits = ask.limits;
  question->request.cursor = std::move(ask.cursor);
  question->use_pages(ask.page);
  question->render = std::move(render);
  reply.watch([cancelled = question->request.cancelled] { *cancelled = true; });
  question->begin();
}

HttpResponse failure_response(const QueryFailure& failure) {
  switch (failure.kind) {
    case QueryFailure::Kind::kBadQuery:
      return problem(400, failure.message);
    case QueryFailure::Kind::kTooBroad:
      return problem(422, failure.message);
    case QueryFailure::Kind::kCancelled:
      return problem(503, "the query was cancelled: " + failure.message);
    case QueryFailure::Kind::kNoStore:
      return problem(503, failure.message);
    case QueryFailure::Kind::kFailed:
      break;
  }
  spdlog::error("a query of history failed: {}", failure.message);
  return problem(500, "history could not answer this query; the agent's log says why");
}

}  // namespace netprobe
