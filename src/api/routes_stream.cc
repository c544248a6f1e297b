// SPDX-License-Identifier: Apache-2.0
#include "api/completeness.h"
#include "api/context.h"
#include "api/flow_hub.h"
#include "api/kube_json.h"
#include "base/json_writer.h"

namespace netprobe {
namespace {

std::string hello(const Snapshot& snapshot, const StreamQuery& query) {
  std::string out = ": netprobe live flows\n\nevent: hello\ndata: ";
  JsonObject json(out);
  json.text("node_name", snapshot.node_name);
  json.text("version", snapshot.version);
  json.time("time", snapshot.taken_at);
  if (!query.text.empty()) json.text("query", query.text);
  if (query.sums) json.flag("sums", true);
  append_kubernetes(json, out, snapshot.kube->status);
  append_completeness(json, out, snapshot);
  json.close();
  out += "\n\n";
  return out;
}

void open(const std::shared_ptr<FlowHub>& hub, const HttpReply& reply, StreamQuery query,
          const Snapshot& snapshot) {
  if (query.sums) {
    if (!hub->has_room_for_sums())
      return reply(problem(503, std::to_string(FlowHub::kMostSums) +
                                    " clients have live sums already, which is as many as are "
                                    "served at once: end one of them"));
    if (!hub->follows_gains()) hub->begin_gains(snapshot.flows);
  }
  const std::uint64_t client = hub->new_client();
  auto stream = reply.open_stream([weak = std::weak_ptr(hub), client] {
    if (const auto self = weak.lock()) self->remove(client);
  });
  stream->write(std::make_shared<const std::string>(hello(snapshot, query)));
  hub->add(client, std::move(stream), std::move(query), snapshot.node_name);
}

}  // namespace

void add_stream_routes(HttpServer& server, const ApiContextPtr& context,
                       const std::shared_ptr<FlowHub>& hub) {
  server.route("/api/stream", [context, hub](const HttpRequest& request, const HttpReply& reply) {
    auto query = parse_stream_query(request.query, context->sources.clock.wall());
    if (!query) return reply(bad_query_response(query.error()));
    // To tell what flows gain, it takes what they have.
    const bool with_flows = query->sums != nullptr;
    context->sources.snapshots.request(
        with_flows ? 0 : kSnapshotAge, with_flows,
        [hub, reply, query = std::move(*query)](SnapshotPtr snapshot) {
          reply.run([hub, reply, query, snapshot = std::move(snapshot)] {
            if (!snapshot)
              return reply(
                  problem(503, "the agent has no data to stream: it is starting or stopping"));
            open(hub, reply, query, *snapshot);
          });
        });
  });
}

}  // namespace netprobe
