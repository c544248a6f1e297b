// SPDX-License-Identifier: Apache-2.0
#include "api/alert_hub.h"
#include "api/alerts_query.h"
#include "api/context.h"

namespace netprobe {

void add_alert_routes(HttpServer& server, const ApiContextPtr& context,
                      const std::shared_ptr<AlertHub>& hub) {
  server.route("/api/alerts", [context](const HttpRequest& request, const HttpReply& reply) {
    auto query = parse_alerts_query(request.query, context->sources.clock.wall());
    if (!query) return reply(bad_query_response(query.error()));
    answer_from_snapshot(context, reply, false, [query = std::move(*query)](const Snapshot& s) {
      return json_response(alerts_page(s, query));
    });
  });
  server.route(
      "/api/alerts/stream", [context, hub](const HttpRequest& request, const HttpReply& reply) {
        auto query = parse_alerts_query(request.query, context->sources.clock.wall());
        if (!query) return reply(bad_query_response(query.error()));
        if (!context->sources.alerts)
          return reply(
              problem(503, "detection is off (--enable-detection=false): there are no alerts"));
        const std::uint64_t client = hub->new_client();
        auto stream = reply.open_stream([weak = std::weak_ptr(hub), client] {
          if (const auto self = weak.lock()) self->remove(client);
        });
        hub->add(client, std::move(stream), std::move(*query));
      });
}

}  // namespace netprobe
