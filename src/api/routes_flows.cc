// SPDX-License-Identifier: Apache-2.0
#include "api/context.h"
#include "api/kept_answer.h"
#include "api/kept_flows.h"
#include "api/pages.h"

namespace netprobe {

void add_flow_routes(HttpServer& server, const ApiContextPtr& context) {
  server.route("/api/flows", [context](const HttpRequest& request, const HttpReply& reply) {
    auto parsed = parse_flows_query(request.query, context->sources.clock.wall());
    if (!parsed) return reply(bad_query_response(parsed.error()));
    const auto query = std::make_shared<const FlowsQuery>(std::move(*parsed));
    answer_list(context, reply,
                {.source = query->source,
                 .with_flows = true,
                 .reaches_beyond = [query](const Snapshot& s) { return reaches_beyond(s, *query); },
                 .live_page = [query](const Snapshot& s) { return flow_page(s, *query); },
                 .ask = [query] { return kept_flows_ask(*query); },
                 .kept_page = [query](const Found& f) { return kept_flows_page(f, *query); }});
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
