// SPDX-License-Identifier: Apache-2.0
#include "api/context.h"
#include "api/pages.h"

namespace netprobe {

void add_flow_routes(HttpServer& server, const ApiContextPtr& context) {
  server.route("/api/flows", [context](const HttpRequest& request, const HttpReply& reply) {
    auto query = parse_flows_query(request.query, context->sources.clock.wall());
    if (!query) return reply(bad_query_response(query.error()));
    answer_from_snapshot(context, reply, true, [query = std::move(*query)](const Snapshot& s) {
      return json_response(flow_page(s, query));
    });
  });
  server.route("/api/top", [context](const HttpRequest& request, const HttpReply& reply) {
    auto query = parse_top_query(request.query);
    if (!query) return reply(bad_query_response(query.error()));
    answer_from_snapshot(context, reply, true, [query = std::move(*query)](const Snapshot& s) {
      return json_response(top_page(s, query));
    });
  });
}

}  // namespace netprobe
