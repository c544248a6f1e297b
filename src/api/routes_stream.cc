// SPDX-License-Identifier: Apache-2.0
#include "api/completeness.h"
#include "api/context.h"
#include "api/flow_hub.h"
#include "api/kube_json.h"
#include "base/json_writer.h"

namespace netprobe {
namespace {

std::string hello(const Snapshot& snapshot, const std::string& query) {
  std::string out = ": netprobe live flows\n\nevent: hello\ndata: ";
  JsonObject json(out);
  json.text("node_name", snapshot.node_name);
  json.text("version", snapshot.version);
  json.time("time", snapshot.taken_at);
  if (!query.empty()) json.text("query", query);
  append_kubernetes(json, out, snapshot.kube->status);
  append_completeness(json, out, snapshot);
  json.close();
  out += "\n\n";
  return out;
}

void open(const std::shared_ptr<FlowHub>& hub, const HttpReply& reply, StreamQuery query,
          const Snapshot& snapshot) {
  const std::uint64_t client = hub->new_client();
  auto stream = reply.open_stream([weak = std::weak_ptr(hub), client] {
    if (const auto self = weak.lock()) self->remove(client);
  });
  stream->write(std::make_shared<const std::string>(hello(snapshot, query.text)));
  hub->add(client, std::move(stream), std::move(query), snapshot.node_name);
}

}  // namespace

void add_stream_routes(HttpServer& server, const ApiContextPtr& context,
                       const std::shared_ptr<FlowHub>& hub) {
  server.route("/api/stream", [context, hub](const HttpRequest& request, const HttpReply& reply) {
    auto query = parse_stream_query(request.query, context->sources.clock.wall());
    if (!query) return reply(bad_query_response(query.error()));
    context->sources.snapshots.request(
        kSnapshotAge, false, [hub, reply, query = std::move(*query)](SnapshotPtr snapshot) {
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
