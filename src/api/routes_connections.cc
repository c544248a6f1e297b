// SPDX-License-Identifier: Apache-2.0
#include "api/connections_query.h"
#include "api/context.h"

namespace netprobe {

void add_connection_routes(HttpServer& server, const ApiContextPtr& context) {
  server.route("/api/connections", [context](const HttpRequest& request, const HttpReply& reply) {
    auto query = parse_connections_query(request.query);
    if (!query) return reply(bad_query_response(query.error()));
    answer_from_snapshot(context, reply, false, [query = std::move(*query)](const Snapshot& s) {
      return json_response(connections_page(s, query));
    });
  });
}

}  // namespace netprobe
