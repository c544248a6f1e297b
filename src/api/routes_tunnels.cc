// SPDX-License-Identifier: Apache-2.0
#include "api/context.h"
#include "api/tunnels_page.h"

namespace netprobe {

void add_tunnel_routes(HttpServer& server, const ApiContextPtr& context) {
  server.route("/api/tunnels", [context](const HttpRequest& request, const HttpReply& reply) {
    auto query = parse_tunnels_query(request.query);
    if (!query) return reply(bad_query_response(query.error()));
    answer_from_snapshot(context, reply, true, [query = std::move(*query)](const Snapshot& s) {
      return json_response(tunnels_page(s, query));
    });
  });
}

}  // namespace netprobe
