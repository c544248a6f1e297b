// SPDX-License-Identifier: Apache-2.0
#include "server/live_stream.h"

#include <memory>
#include <string>
#include <utility>

#include "api/context.h"
#include "api/live_event.h"
#include "api/query.h"
#include "api/record_flow.h"
#include "base/json_writer.h"
#include "server/live_client.h"
#include "server/live_note.h"

namespace netprobe {
namespace {

// Items that are written together: one event each, one piece of text.
constexpr std::size_t kTogether = 512;

std::string hello(bool sums) {
  std::string out = ": netprobe live flows of a cluster\n\nevent: hello\ndata: ";
  JsonObject json(out);
  json.flag("sums", sums);
  json.close();
  return out += "\n\n";
}

void append_item(std::string& out, const LiveItem& item) {
  switch (item.kind) {
    case LiveItem::Kind::kRecord:
      // Streams are of flows alone: api/query.h.
      out += "event: flow\ndata: ";
      append_record_json(out, static_cast<const FlowRecord&>(*item.record.record), item.node,
                         item.late);
      break;
    case LiveItem::Kind::kWindow:
      out += window_event({.answer = *item.window, .total = item.window->rows.size()});
      return;
    default:
      return append_note(out, item);
  }
  out += "\n\n";
}

class FlowClient final : public LiveClient {
 public:
  explicit FlowClient(Scheduler& scheduler) : LiveClient(scheduler, kTogether) {}

 private:
  void append(std::string& text, const LiveItem& item) override { append_item(text, item); }
};

}  // namespace

void add_live_route(HttpServer& server, AgentDirectory& agents, Scheduler& scheduler,
                    const Clock& clock) {
  server.route("/api/stream", [&](const HttpRequest& request, const HttpReply& reply) {
    auto query = parse_stream_query(request.query, clock.wall());
    if (!query) return reply(bad_query_response(query.error()));
    const auto client = std::make_shared<FlowClient>(scheduler);
    auto stream = reply.open_stream([client] { client->close(); });
    stream->write(std::make_shared<const std::string>(hello(query->sums != nullptr)), 0);
    client->begin(std::move(stream), std::move(query->whole), agents, clock);
  });
}

}  // namespace netprobe
