// SPDX-License-Identifier: Apache-2.0
#include "api/context.h"
#include "api/drops_query.h"

namespace netprobe {

void add_drop_routes(HttpServer& server, const ApiContextPtr& context) {
  server.route("/api/drops", [context](const HttpRequest& request, const HttpReply& reply) {
    auto query = parse_drops_query(request.query, context->sources.clock.wall());
    if (!query) return reply(bad_query_response(query.error()));
    answer_from_snapshot(context, reply, false, [query = std::move(*query)](const Snapshot& s) {
      return json_response(drops_page(s, query));
    });
  });
}

}  // namespace netprobe
