// SPDX-License-Identifier: Apache-2.0
#include "server/live_stream.h"

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "api/answer_page.h"
#include "api/context.h"
#include "api/query.h"
#include "base/json_writer.h"
#include "cluster/live_merge.h"
#include "outbox/field_selection.h"
#include "outbox/record_json.h"
#include "query/query.h"

namespace netprobe {
namespace {

// Items that are written together: one event each, one piece of text.
constexpr std::size_t kTogether = 512;
// Identities that are remembered as text: of a thousand nodes, each as its agent tells it.
constexpr std::size_t kMostKnown = 65'536;

/// One client: takes what the agents tell, in order, and writes it. Kept by the end of
/// its stream, which is told when it has gone.
class LiveClient : public std::enable_shared_from_this<LiveClient> {
 public:
  explicit LiveClient(Scheduler& scheduler)
      : scheduler_(scheduler), json_(FieldSelection(std::span<const FieldRef>{}), kMostKnown) {}

  void begin(EventStreamPtr stream, Query query, AgentDirectory& agents, const Clock& clock) {
    {
      const MutexLock lock(mutex_);
      stream_ = std::move(stream);
    }
    auto merge = LiveMerge::start(std::move(query), agents, scheduler_, clock, {},
                                  [weak = weak_from_this()] {
                                    if (const auto self = weak.lock()) self->drain();
                                  });
    const MutexLock lock(mutex_);
    if (closed_) return merge->stop();
    merge_ = std::move(merge);
  }
  /// The client has gone.
  void close() {
    std::shared_ptr<LiveMerge> merge;
    {
      const MutexLock lock(mutex_);
      closed_ = true;
      merge = std::move(merge_);
    }
    if (merge) merge->stop();
  }

 private:
  void drain() {
    const MutexLock lock(mutex_);
    if (!merge_) {
      // It began to tell before it was known here.
      if (!closed_)
        scheduler_.after(kMillisecond, [weak = weak_from_this()] {
          if (const auto self = weak.lock()) self->drain();
        });
      return;
    }
    for (auto items = merge_->take(kTogether); !items.empty(); items = merge_->take(kTogether)) {
      auto text = std::make_shared<std::string>();
      for (const LiveItem& item : items) append(*text, item);
      stream_->write(std::move(text), items.size());
    }
  }
  void append(std::string& out, const LiveItem& item) NETPROBE_REQUIRES(mutex_);

  Scheduler& scheduler_;
  Mutex mutex_;
  EventStreamPtr stream_ NETPROBE_GUARDED_BY(mutex_);
  std::shared_ptr<LiveMerge> merge_ NETPROBE_GUARDED_BY(mutex_);
  RecordJson json_ NETPROBE_GUARDED_BY(mutex_);
  bool closed_ NETPROBE_GUARDED_BY(mutex_) = false;
};

void append_window(std::string& out, const QueryAnswer& window) {
  out += "event: window\ndata: ";
  JsonObject json(out);
  if (window.since) json.time("since", *window.since * kMicrosecond);
  if (window.until) json.time("until", *window.until * kMicrosecond);
  append_rows(json, out, window);
  append_origin(json, out, window, true);
  json.close();
}

void append_note(std::string& out, const LiveItem& item, std::string_view event,
                 std::string_view state) {
  out += "event: ";
  out += event;
  out += "\ndata: ";
  JsonObject json(out);
  if (item.kind == LiveItem::Kind::kLost) json.number("lost", item.count);
  if (!item.node.empty()) json.text("node", item.node);
  if (!state.empty()) json.text("state", state);
  if (!item.problem.empty()) json.text("problem", item.problem);
  json.close();
}

void LiveClient::append(std::string& out, const LiveItem& item) {
  switch (item.kind) {
    case LiveItem::Kind::kRecord:
      out += "event: flow\ndata: ";
      json_.append(out, item.record);
      break;
    case LiveItem::Kind::kWindow:
      append_window(out, *item.window);
      break;
    case LiveItem::Kind::kLost:
      append_note(out, item, "lost", {});
      break;
    case LiveItem::Kind::kJoined:
      append_note(out, item, "agent", "joined");
      break;
    case LiveItem::Kind::kLeft:
      append_note(out, item, "agent", "left");
      break;
  }
  out += "\n\n";
}

}  // namespace

void add_live_route(HttpServer& server, AgentDirectory& agents, Scheduler& scheduler,
                    const Clock& clock) {
  server.route("/api/stream", [&](const HttpRequest& request, const HttpReply& reply) {
    auto query = parse_stream_query(request.query, clock.wall());
    if (!query) return reply(bad_query_response(query.error()));
    const auto client = std::make_shared<LiveClient>(scheduler);
    auto stream = reply.open_stream([client] { client->close(); });
    stream->write(std::make_shared<const std::string>(": netprobe live flows of a cluster\n\n"), 0);
    client->begin(std::move(stream), std::move(query->whole), agents, clock);
  });
}

}  // namespace netprobe
