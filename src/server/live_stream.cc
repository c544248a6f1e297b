// SPDX-License-Identifier: Apache-2.0
#include "server/live_stream.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/context.h"
#include "api/live_event.h"
#include "api/query.h"
#include "api/record_flow.h"
#include "base/json_writer.h"
#include "cluster/live_merge.h"
#include "query/query.h"
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

void append(std::string& out, const LiveItem& item) {
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

/// One client: takes what the agents tell, in order, and writes it. Kept by the end of
/// its stream, which is told when it has gone.
class LiveClient : public std::enable_shared_from_this<LiveClient> {
 public:
  explicit LiveClient(Scheduler& scheduler) : scheduler_(scheduler) {}

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

  Scheduler& scheduler_;
  Mutex mutex_;
  EventStreamPtr stream_ NETPROBE_GUARDED_BY(mutex_);
  std::shared_ptr<LiveMerge> merge_ NETPROBE_GUARDED_BY(mutex_);
  bool closed_ NETPROBE_GUARDED_BY(mutex_) = false;
};

}  // namespace

void add_live_route(HttpServer& server, AgentDirectory& agents, Scheduler& scheduler,
                    const Clock& clock) {
  server.route("/api/stream", [&](const HttpRequest& request, const HttpReply& reply) {
    auto query = parse_stream_query(request.query, clock.wall());
    if (!query) return reply(bad_query_response(query.error()));
    const auto client = std::make_shared<LiveClient>(scheduler);
    auto stream = reply.open_stream([client] { client->close(); });
    stream->write(std::make_shared<const std::string>(hello(query->sums != nullptr)), 0);
    client->begin(std::move(stream), std::move(query->whole), agents, clock);
  });
}

}  // namespace netprobe
