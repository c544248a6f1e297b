// SPDX-License-Identifier: Apache-2.0
#include "api/context.h"
#include "api/pages.h"

namespace netprobe {

void add_netfilter_routes(HttpServer& server, const ApiContextPtr& context) {
  server.route("/api/netfilter", [context](const HttpRequest& request, const HttpReply& reply) {
    if (auto query = parse_empty_query(request.query); !query)
      return reply(bad_query_response(query.error()));
    answer_from_snapshot(context, reply, false,
                         [](const Snapshot& s) { return json_response(netfilter_page(s)); });
  });
}

}  // namespace netprobe
