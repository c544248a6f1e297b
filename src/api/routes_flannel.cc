// SPDX-License-Identifier: Apache-2.0
#include "api/context.h"
#include "api/flannel_page.h"

namespace netprobe {

void add_flannel_routes(HttpServer& server, const ApiContextPtr& context) {
  server.route("/api/flannel", [context](const HttpRequest& request, const HttpReply& reply) {
    if (auto query = parse_empty_query(request.query); !query)
      return reply(bad_query_response(query.error()));
    answer_from_snapshot(context, reply, false,
                         [](const Snapshot& s) { return json_response(flannel_page(s)); });
  });
}

}  // namespace netprobe
