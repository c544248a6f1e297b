// SPDX-License-Identifier: Apache-2.0
#include "api/connections_query.h"
#include "api/context.h"
#include "api/kept_answer.h"
#include "api/kept_records.h"

namespace netprobe {

void add_connection_routes(HttpServer& server, const ApiContextPtr& context) {
  server.route("/api/connections", [context](const HttpRequest& request, const HttpReply& reply) {
    auto parsed = parse_connections_query(request.query, context->sources.clock.wall());
    if (!parsed) return reply(bad_query_response(parsed.error()));
    const auto query = std::make_shared<const ConnectionsQuery>(std::move(*parsed));
    answer_list(context, reply,
                {.source = query->source,
                 .reaches_beyond = [query](const Snapshot& s) { return reaches_beyond(s, *query); },
                 .live_page = [query](const Snapshot& s) { return connections_page(s, *query); },
                 .ask = [query] { return kept_connections_ask(*query); },
                 .kept_page =
                     [query](const Found& found) {
                       const AnswerPage page = page_of(found);
                       return connections_page(*with_kept_connections(found), *query, &page);
                     }});
  });
}

}  // namespace netprobe
