// SPDX-License-Identifier: Apache-2.0
#include "api/cluster_pages.h"
#include "api/context.h"
#include "api/who_query.h"

namespace netprobe {
namespace {

void add_who(HttpServer& server, const ApiContextPtr& context, const char* path,
             HttpResponse (*answer)(const Snapshot&, const WhoQuery&)) {
  server.route(path, [context, answer](const HttpRequest& request, const HttpReply& reply) {
    auto query = parse_who_query(request.query, context->sources.clock.wall());
    if (!query) return reply(bad_query_response(query.error()));
    answer_from_snapshot(context, reply, false,
                         [answer, query = *query](const Snapshot& s) { return answer(s, query); });
  });
}

void add_page(HttpServer& server, const ApiContextPtr& context, const char* path, bool with_flows,
              std::string (*page)(const Snapshot&)) {
  server.route(path,
               [context, with_flows, page](const HttpRequest& request, const HttpReply& reply) {
                 if (auto query = parse_empty_query(request.query); !query)
                   return reply(bad_query_response(query.error()));
                 answer_from_snapshot(context, reply, with_flows,
                                      [page](const Snapshot& s) { return json_response(page(s)); });
               });
}

}  // namespace

void add_cluster_routes(HttpServer& server, const ApiContextPtr& context) {
  add_page(server, context, "/api/cluster", false, cluster_page);
  add_page(server, context, "/api/report", true, report_page);
  server.route("/api/topology", [context](const HttpRequest& request, const HttpReply& reply) {
    const auto of = parse_topology_query(request.query);
    if (!of) return reply(bad_query_response(of.error()));
    answer_from_snapshot(context, reply, *of == GraphOf::kLive, [of = *of](const Snapshot& s) {
      return json_response(topology_page(s, of));
    });
  });
  add_who(server, context, "/api/query/pod", pod_answer);
  add_who(server, context, "/api/query/service", service_answer);
  add_who(server, context, "/api/query/node", node_answer);
}

}  // namespace netprobe
