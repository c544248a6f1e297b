// SPDX-License-Identifier: Apache-2.0
#include "server/routes.h"

#include <string>
#include <utility>

#include "io/http_problem.h"

namespace netprobe {
namespace {

/// Hands an answer of the cluster to the client.
ClusterPages::Done answer_to(const HttpReply& reply) {
  return [reply](PageAnswer answer) {
    reply(HttpResponse{.status = static_cast<unsigned>(answer.status),
                       .content_type = std::move(answer.content_type),
                       .body = std::move(answer.body)});
  };
}

}  // namespace

void add_page_routes(HttpServer& server, const ClusterPages& pages) {
  server.route("/api/flows", [&pages](const HttpRequest& request, const HttpReply& reply) {
    pages.flows(request.query, answer_to(reply));
  });
  server.route("/api/stats", [&pages](const HttpRequest&, const HttpReply& reply) {
    pages.stats(answer_to(reply));
  });
  for (const char* path :
       {"/api/connections", "/api/drops", "/api/losses", "/api/alerts", "/api/interfaces",
        "/api/probes", "/api/tunnels", "/api/netfilter", "/api/top"}) {
    server.route(path, [&pages, path = std::string(path)](const HttpRequest& request,
                                                          const HttpReply& reply) {
      pages.list(path, request.query, answer_to(reply));
    });
  }
}

}  // namespace netprobe
