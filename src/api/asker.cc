// SPDX-License-Identifier: Apache-2.0
#include "api/asker.h"

#include <spdlog/spdlog.h>

#include "api/live_records.h"

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
struct Question : std::enable_shared_from_this<Question> {
  Question(ApiContextPtr c, HttpReply r) : context(std::move(c)), reply(std::move(r)) {}

  void begin();
  void ask_live();
  void ask_store();
  void send();
  void finish(std::expected<QueryAnswer, QueryFailure> result);

  ApiContextPtr context;
  HttpReply reply;
  bool live = false;
  bool fell_back = false;  ///< history was wanted, if there were any
  QueryRequest request;
  SnapshotPtr snapshot;
  std::function<HttpResponse(const Found&)> render;
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
  if (!context->sources.flush_history || !reaches_now || !first_page) return send();
  context->sources.flush_history([self = shared_from_this()] { self->send(); });
}

void Question::send() {
  auto self = shared_from_this();
  // A copy: the query is told with the answer.
  context->sources.history->query(request, [self](std::expected<QueryAnswer, QueryFailure> result) {
    self->finish(std::move(result));
  });
}

void Question::finish(std::expected<QueryAnswer, QueryFailure> result) {
  if (!result) return reply(failure_response(result.error()));
  if (*request.cancelled)
    return reply(failure_response({QueryFailure::Kind::kCancelled, "nobody waits for the answer"}));
  Found found{.query = request.query,
              .answer = std::move(*result),
              .snapshot = snapshot,
              .history = std::nullopt};
  if (!live) found.history = context->sources.history->status();
  reply(render(found));
}

}  // namespace

bool has_history(const ApiSources& sources) {
  return sources.history != nullptr && sources.history->status().engine != "off";
}

void ask(const ApiContextPtr& context, const HttpReply& reply, Ask ask,
         std::function<HttpResponse(const Found&)> render) {
  const bool kept = has_history(context->sources);
  if (ask.source == Source::kHistory && !kept)
    return reply(
        problem(503, "history is off at this agent" + why_off(context->sources) +
                         ": --enable-history=true turns it on, source=live asks what is in "
                         "memory"));
  auto question = std::make_shared<Question>(context, reply);
  question->live = ask.source == Source::kLive || !kept;
  question->fell_back = question->live && ask.source == Source::kAuto;
  question->request.query = std::move(ask.query);
  question->request.limits = ask.limits;
  question->request.cursor = std::move(ask.cursor);
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
