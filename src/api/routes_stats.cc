// SPDX-License-Identifier: Apache-2.0
#include "api/context.h"
#include "api/pages.h"

namespace netprobe {
namespace {

void add_page(HttpServer& server, const ApiContextPtr& context, std::string path, bool with_flows,
              std::string (*page)(const Snapshot&)) {
  server.route(std::move(path),
               [context, with_flows, page](const HttpRequest& request, const HttpReply& reply) {
                 if (auto query = parse_empty_query(request.query); !query)
                   return reply(bad_query_response(query.error()));
                 answer_from_snapshot(context, reply, with_flows,
                                      [page](const Snapshot& s) { return json_response(page(s)); });
               });
}

}  // namespace

void add_stats_routes(HttpServer& server, const ApiContextPtr& context) {
  add_page(server, context, "/api/stats", true, stats_page);
  add_page(server, context, "/api/interfaces", false, interfaces_page);
  add_page(server, context, "/api/probes", false, probes_page);
}

}  // namespace netprobe
