// SPDX-License-Identifier: Apache-2.0
#include "api/answer_response.h"
#include "api/asker.h"
#include "api/query_help.h"
#include "api/request_params.h"

namespace netprobe {
namespace {

/// Records that are in memory at once for one client of a long list.
constexpr std::size_t kPage = 5'000;

void answer(const ApiContextPtr& context, const HttpRequest& request, const HttpReply& reply) {
  const auto params = params_of(request);
  if (!params) return reply(params.error());
  auto asked = parse_ask(*params, context->sources.clock.wall());
  if (!asked) return reply(bad_query_response(asked.error()));
  const auto format = asked->format;
  const bool objects = asked->objects;
  // A table's widths, and a Parquet file, are of all rows.
  if (format != AnswerFormat::kTable && format != AnswerFormat::kParquet) asked->page = kPage;
  ask(context, reply, std::move(*asked), [context, format, objects](Found& found) {
    return answer_response(context->sources, found, format, objects);
  });
}

}  // namespace

void add_query_routes(HttpServer& server, const ApiContextPtr& context) {
  server.route(
      "/api/query",
      [context](const HttpRequest& request, const HttpReply& reply) {
        answer(context, request, reply);
      },
      HttpMethods::kGetAndPost);
  server.route(
      "/api/query/validate",
      [context](const HttpRequest& request, const HttpReply& reply) {
        const auto params = params_of(request);
        if (!params) return reply(params.error());
        const auto query = parse_validate_query(*params);
        if (!query) return reply(bad_query_response(query.error()));
        reply(json_response(validate_page(*query, context->sources.clock.wall())));
      },
      HttpMethods::kGetAndPost);
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
