// SPDX-License-Identifier: Apache-2.0
#include "api/context.h"
#include "base/json_writer.h"

namespace netprobe {

// Probes and scrapers add parameters of their own (?verbose, ?_=…): these
// routes take any.
void add_state_routes(HttpServer& server, const ApiContextPtr& context) {
  for (const char* path : {"/health", "/healthz", "/livez"}) {
    server.route(path, [](const HttpRequest&, const HttpReply& reply) {
      // That this thread answers is all there is to tell.
      reply(json_response(R"({"status":"ok"})"));
    });
  }
  for (const char* path : {"/ready", "/readyz"}) {
    server.route(path, [context](const HttpRequest&, const HttpReply& reply) {
      const Readiness state = context->sources.readiness();
      if (!state.ready) return reply(problem(503, state.reason));
      std::string body;
      JsonObject json(body);
      json.text("status", "ready");
      if (!state.reason.empty()) json.text("reason", state.reason);
      json.close();
      reply(json_response(std::move(body)));
    });
  }
  server.route(context->options.metrics_path,
               [context](const HttpRequest& request, const HttpReply& reply) {
                 const std::string accept(request.header("accept"));
                 answer_from_snapshot(context, reply, false, [context, accept](const Snapshot& s) {
                   MetricsPage page = context->sources.metrics(s, accept);
                   return HttpResponse{.content_type = std::move(page.content_type),
                                       .body = std::move(page.body)};
                 });
               });
}

}  // namespace netprobe
