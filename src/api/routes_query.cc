// SPDX-License-Identifier: Apache-2.0
#include "api/answer_response.h"
#include "api/asker.h"
#include "api/query_help.h"

namespace netprobe {
namespace {

void answer(const ApiContextPtr& context, const HttpRequest& request, const HttpReply& reply) {
  auto asked = parse_ask(request.query, context->sources.clock.wall());
  if (!asked) return reply(bad_query_response(asked.error()));
  const auto format = asked->format;
  const bool objects = asked->objects;
  ask(context, reply, std::move(*asked), [context, format, objects](const Found& found) {
    return answer_response(context->sources, found, format, objects);
  });
}

}  // namespace

void add_query_routes(HttpServer& server, const ApiContextPtr& context) {
  server.route("/api/query", [context](const HttpRequest& request, const HttpReply& reply) {
    answer(context, request, reply);
  });
  server.route("/api/query/validate",
               [context](const HttpRequest& request, const HttpReply& reply) {
                 const auto query = parse_validate_query(request.query);
                 if (!query) return reply(bad_query_response(query.error()));
                 reply(json_response(validate_page(*query, context->sources.clock.wall())));
               });
  server.route("/api/query/complete",
               [context](const HttpRequest& request, const HttpReply& reply) {
                 const auto query = parse_complete_query(request.query);
                 if (!query) return reply(bad_query_response(query.error()));
                 reply(json_response(complete_page(*query)));
               });
  server.route("/api/query/fields", [](const HttpRequest& request, const HttpReply& reply) {
    if (auto query = parse_empty_query(request.query); !query)
      return reply(bad_query_response(query.error()));
    reply(json_response(fields_page()));
  });
}

}  // namespace netprobe
