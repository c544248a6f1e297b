// SPDX-License-Identifier: Apache-2.0
#include "api/context.h"
#include "api/kept_flows.h"
#include "api/pages.h"

namespace netprobe {
namespace {

void answer_kept(const ApiContextPtr& context, const HttpReply& reply, const FlowsQuery& query) {
  ask(context, reply, kept_flows_ask(query), [query](const Found& found) {
    return json_response(kept_flows_page(found, query));
  });
}

/// What is live is asked first: it says whether it is all that is wanted.
void answer_flows(const ApiContextPtr& context, const HttpReply& reply, FlowsQuery query) {
  if (query.source == Source::kHistory) return answer_kept(context, reply, query);
  const bool kept = query.source == Source::kAuto && has_history(context->sources);
  context->sources.snapshots.request(
      kSnapshotAge, true,
      [context, reply, kept, query = std::move(query)](SnapshotPtr snapshot) mutable {
        reply.run([context, reply, kept, query = std::move(query),
                   snapshot = std::move(snapshot)] {
          if (!snapshot)
            return reply(problem(
                503, "the agent has no data to answer from: it is starting or stopping"));
          if (kept && reaches_beyond(*snapshot, query)) return answer_kept(context, reply, query);
          reply(json_response(flow_page(*snapshot, query)));
        });
      });
}

}  // namespace

void add_flow_routes(HttpServer& server, const ApiContextPtr& context) {
  server.route("/api/flows", [context](const HttpRequest& request, const HttpReply& reply) {
    auto query = parse_flows_query(request.query, context->sources.clock.wall());
    if (!query) return reply(bad_query_response(query.error()));
    answer_flows(context, reply, std::move(*query));
  });
  server.route("/api/top", [context](const HttpRequest& request, const HttpReply& reply) {
    auto query = parse_top_query(request.query);
    if (!query) return reply(bad_query_response(query.error()));
    answer_from_snapshot(context, reply, true, [query = std::move(*query)](const Snapshot& s) {
      return json_response(top_page(s, query));
    });
  });
}

}  // namespace netprobe
