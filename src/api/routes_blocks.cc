// SPDX-License-Identifier: Apache-2.0
// The one route that changes something. Every call waits for the disk, so each is on a
// thread of its own; docs/adr/0010-response.md says who may.
#include <cerrno>
#include <vector>

#include "api/blocks_query.h"
#include "api/context.h"
#include "api/write_gate.h"

namespace netprobe {
namespace {

HttpResponse refusal(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kUsage:
      return problem(400, error.message);
    case ErrorKind::kNotFound:
      return problem(404, error.message);
    case ErrorKind::kBusy:
      return problem(error.code == EAGAIN ? 429 : 507, error.message);
    case ErrorKind::kUnsupported:
      return problem(503, error.message);
    default:
      return problem(500, error.message);
  }
}

/// Whom the audit trail names: what they call themselves, and from where they came.
std::string who(std::string name, const IpAddress& peer) {
  if (name.empty()) name = "api";
  return peer.is_loopback() ? name : name + " from " + peer.to_string();
}

/// Runs it where it may wait.
void work(const ApiContextPtr& context, const HttpReply& reply, std::function<void()> job) {
  if (context->response_worker == nullptr || !context->response_worker->post(std::move(job)))
    reply(problem(503, "too many changes wait already: try again"));
}

void list(const ApiContextPtr& context, const HttpRequest& request, const HttpReply& reply) {
  auto query = parse_blocks_query(request.query, context->sources.clock.wall());
  if (!query) return reply(bad_query_response(query.error()));
  const auto answer = [context, reply, query = std::move(*query)](ResponseReport report) {
    answer_from_snapshot(
        context, reply, false,
        [report = std::make_shared<const ResponseReport>(std::move(report)),
         query](const Snapshot& s) { return json_response(blocks_page(*report, s, query)); });
  };
  if (context->sources.response == nullptr)
    return answer({.why = "this program blocks nothing: netprobe-agent does"});
  work(context, reply, [context, answer] { answer(context->sources.response->report()); });
}

void carry_out(const ApiContextPtr& context, const BlockOrder& order, const HttpReply& reply) {
  Responder& response = *context->sources.response;
  // It is in force whether there is a snapshot or not: where it holds is read last.
  const auto answer = [&](auto done, auto page) {
    if (!done) return reply(refusal(done.error()));
    answer_from_snapshot(context, reply, false,
                         [done = std::move(*done), mode = order.mode, page](const Snapshot& s) {
                           return json_response(page(done, mode, s));
                         });
  };
  if (const auto* block = std::get_if<BlockRequest>(&order.request)) {
    answer(response.block(*block), block_answer);
    return;
  }
  answer(response.limit(std::get<LimitRequest>(order.request)), limit_answer);
}

void block(const ApiContextPtr& context, const HttpRequest& request, const HttpReply& reply) {
  std::string_view type = request.header("content-type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  // A page of elsewhere cannot send this type unasked.
  if (!equals_ignoring_case(type, "application/json"))
    return reply(problem(415, "a block is asked for as application/json",
                         {.parameter = "Content-Type", .allowed = {"application/json"}}));
  if (request.body.size() > kMostBlockBody)
    return reply(problem(
        413, "the body of a block is at most " + std::to_string(kMostBlockBody) + " bytes long"));
  auto order = parse_block_order(request.body, context->sources.clock.wall());
  if (!order) return reply(bad_query_response(order.error()));
  std::visit([&](auto& each) { each.who = who(std::move(each.who), request.peer); },
             order->request);
  work(context, reply, [context, reply, order = std::move(*order), peer = request.peer] {
    Responder& response = *context->sources.response;
    // First: whoever asks must not cut themselves off.
    std::vector<IpAddress> people = order.protect;
    if (!peer.is_loopback()) people.insert(people.begin(), peer);
    for (const IpAddress& each : people)
      if (const auto safe = response.protect(each, "who asked for a block"); !safe)
        return reply(refusal(safe.error()));
    carry_out(context, order, reply);
  });
}

void unblock(const ApiContextPtr& context, const HttpRequest& request, const HttpReply& reply) {
  auto order = parse_unblock_order(request.query);
  if (!order) return reply(bad_query_response(order.error()));
  order->who = who(std::move(order->who), request.peer);
  if (order->reason.empty()) order->reason = "asked for";
  work(context, reply, [context, reply, order = std::move(*order)] {
    Responder& response = *context->sources.response;
    Status done;
    if (order.all)
      done = response.clear(order.who, order.reason);
    else if (order.limit)
      done = response.unlimit(*order.limit, order.who, order.reason);
    else
      done = response.unblock(order.what, order.who, order.reason);
    reply(done ? json_response(R"({"status":"ok"})") : refusal(done.error()));
  });
}

}  // namespace

void add_block_routes(HttpServer& server, const ApiContextPtr& context) {
  if (context->sources.response == nullptr) {
    server.route("/api/blocks", [context](const HttpRequest& request, const HttpReply& reply) {
      list(context, request, reply);
    });
    return;
  }
  const auto gate = std::make_shared<WriteGate>(context->sources.writes, context->sources.clock);
  server.route(
      "/api/blocks",
      [context, gate](const HttpRequest& request, const HttpReply& reply) {
        if (request.method == "GET" || request.method == "HEAD")
          return list(context, request, reply);
        // Without response there is no token either: the way out first.
        const auto brief = context->sources.response->brief();
        if (brief.mode == ResponseMode::kOff) return reply(problem(503, brief.why));
        if (const auto refused = gate->check(request)) return reply(*refused);
        if (request.method == "POST") return block(context, request, reply);
        unblock(context, request, reply);
      },
      HttpMethods::kGetPostAndDelete);
}

}  // namespace netprobe
