// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "api/context.h"
#include "api/description.h"

namespace netprobe {
namespace {

struct Endpoint {
  std::string_view path;
  std::string_view what;
};

constexpr std::string_view kMetrics = "/metrics";
constexpr std::string_view kDocument = "/api/openapi.json";

constexpr std::array kEndpoints{
    Endpoint{kMetrics, "counters for Prometheus; OpenMetrics where asked for"},
    Endpoint{"/health", "is the agent alive; also /healthz, /livez"},
    Endpoint{"/ready", "is it observing; also /readyz"},
    Endpoint{"/api/agents", "the agents: who answers, and what they lost"},
    Endpoint{"/api/stats", "sums, and where every packet went"},
    Endpoint{"/api/flows", "flows: ?namespace=shop&port=443&since=15m&sort=bytes&limit=20"},
    Endpoint{"/api/top", "the flows that move most: ?by=rate&limit=10"},
    Endpoint{"/api/stream", "flows as they change, as server-sent events"},
    Endpoint{"/api/interfaces", "interfaces, hooks, counters"},
    Endpoint{"/api/probes", "what observes, how, and what it lost"},
    Endpoint{"/api/connections", "sockets: processes, bytes, quality; ?process=nginx&state=live"},
    Endpoint{"/api/drops", "dropped packets: ?by=reason, ?interface=eth0&since=15m"},
    Endpoint{"/api/netfilter", "hook points, rules that drop, the connection table"},
    Endpoint{"/api/tunnels", "tunnels by VNI and endpoints, MTU trouble: ?vni=1&outer_ip=10.0.0.1"},
    Endpoint{"/api/flannel", "Flannel: what nodes declare, what this node has, what disagrees"},
    Endpoint{"/api/alerts", "scans, floods, odd connections: ?state=active&severity=high"},
    Endpoint{"/api/alerts/stream", "the same as they come (server-sent events)"},
    Endpoint{"/api/blocks", "what is blocked and limited, and why; POST and DELETE with the token"},
    Endpoint{"/api/advise/network-policy", "the least policy that traffic needs: ?namespace=shop"},
    Endpoint{"/api/losses", "packets lost between neighbouring points: ?role=tunnel&since=1h"},
    Endpoint{"/api/cluster", "the cluster: nodes, namespaces, how its API answers"},
    Endpoint{"/api/topology", "whose is which address, and who talks to whom: ?graph=live"},
    Endpoint{"/api/query", "the query language: ?q=dst.port=443 | top 10 src.workload by bytes"},
    Endpoint{"/api/query/fields", "the fields that queries know"},
    Endpoint{"/api/query/validate", "is it a query, and what is wrong: ?q=scr.ip=10.0.0.1"},
    Endpoint{"/api/query/complete", "what may stand at a place of a query: ?q=src.&at=4"},
    Endpoint{"/api/query/pod", "the pod of an address: ?ip=10.244.0.2&at=15m"},
    Endpoint{"/api/query/service", "the service of an address: ?ip=10.96.0.1"},
    Endpoint{"/api/query/node", "the node of an address, also of a pod's: ?ip=10.0.0.1"},
    Endpoint{"/api/report", "all of it in one"},
    Endpoint{kDocument, "the description of all this"},
};

}  // namespace

std::string index_page(std::string_view metrics_path, std::span<const std::string> routes) {
  std::string text = "NetProbe\n\n";
  for (const auto& [path, what] : kEndpoints) {
    const std::string shown(path == kMetrics ? metrics_path : path);
    if (std::ranges::find(routes, shown) == routes.end()) continue;
    text += shown + std::string(shown.size() < 20 ? 20 - shown.size() : 1, ' ') + std::string(what);
    text += '\n';
  }
  return text;
}

void add_description_routes(HttpServer& server, const ApiContextPtr& context) {
  const std::string& metrics_path = context->options.metrics_path;
  std::vector<std::string> routes = server.routes();
  const HttpBody document{openapi_document(metrics_path, routes)};
  routes.emplace_back(kDocument);
  server.route(std::string(kDocument),
               [document](const HttpRequest& request, const HttpReply& reply) {
                 if (auto query = parse_empty_query(request.query); !query)
                   return reply(bad_query_response(query.error()));
                 reply(HttpResponse{.content_type = "application/json", .body = document});
               });
  add_page_route(server, HttpBody(index_page(metrics_path, routes)), metrics_path);
}

}  // namespace netprobe
