// SPDX-License-Identifier: Apache-2.0
#include "server/alert_stream.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "api/alerts_query.h"
#include "api/context.h"
#include "base/json_writer.h"
#include "model/alert.h"
#include "query/query.h"
#include "server/live_client.h"
#include "server/live_note.h"

namespace netprobe {
namespace {

// Items that are written together.
constexpr std::size_t kTogether = 128;
// Of those that are active when a client comes: some megabytes.
constexpr std::uint64_t kMostListed = 2'000;
// Of ids that a client was told; beyond, it may be told of some again.
constexpr std::size_t kMostTold = 20'000;

constexpr std::string_view kHello =
    ": netprobe alerts of a cluster\n\nevent: hello\ndata: {\"cluster\":true}\n\n";

std::string_view text_of(simdjson::dom::element object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

Severity severity_of(std::string_view word) {
  constexpr std::array kAll{Severity::kInfo, Severity::kLow, Severity::kMedium, Severity::kHigh,
                            Severity::kCritical};
  const auto* found = std::ranges::find_if(kAll, [&](Severity s) { return to_string(s) == word; });
  return found == kAll.end() ? Severity::kInfo : *found;
}

/// What agents need not know of the conditions.
bool matches(const AlertsQuery& query, const AlertEvent& event, AlertState state) {
  if (query.state && *query.state != state) return false;
  if (severity_of(event.severity) < query.severity) return false;
  if (query.since && event.time * kMicrosecond < *query.since) return false;
  return query.kinds.empty() || std::ranges::find(query.kinds, event.kind) != query.kinds.end();
}

/// Of a record as it came: stores, and what is between agent and server, have it in there.
AlertState state_in(simdjson::dom::parser& parser, const std::string& evidence) {
  simdjson::dom::element root;
  if (parser.parse(evidence).get(root) != simdjson::SUCCESS) return AlertState::kActive;
  return text_of(root, "change") == to_string(AlertChange::kResolved) ? AlertState::kResolved
                                                                      : AlertState::kActive;
}

std::string event_of(std::string_view name, std::string_view data) {
  std::string out = "event: ";
  out += name;
  out += "\ndata: ";
  out += data;
  return out += "\n\n";
}

class AlertClient final : public LiveClient {
 public:
  AlertClient(const ClusterPages& pages, Scheduler& scheduler, AlertsQuery conditions,
              QueryParams params)
      : LiveClient(scheduler, kTogether),
        pages_(pages),
        conditions_(std::move(conditions)),
        params_(std::move(params)) {}

  /// Those that are active; of an agent that came later, too. After begin(), so that nothing
  /// falls between.
  void list() {
    if (conditions_.state == AlertState::kResolved) return;
    const std::weak_ptr<LiveClient> weak = weak_from_this();
    pages_.list("/api/alerts", params_, [weak](const PageAnswer& answer) {
      if (const auto self = weak.lock()) static_cast<AlertClient&>(*self).take_list(answer);
    });
  }

 private:
  void on_joined() override { list(); }

  void take_list(const PageAnswer& answer) {
    simdjson::dom::parser parser;
    simdjson::dom::element page;
    simdjson::dom::array alerts;
    const MutexLock lock(mutex_);
    if (is_closed()) return;
    if (answer.status != 200 || parser.parse(answer.body).get(page) != simdjson::SUCCESS ||
        page["alerts"].get(alerts) != simdjson::SUCCESS)
      return say("no agent told what is active now");
    for (const auto alert : alerts) {
      if (!is_new(text_of(alert, "node"), text_of(alert, "id"))) continue;
      write(event_of("alert", simdjson::minify(alert)), 1);
    }
    std::uint64_t total = 0;
    if (page["total"].get(total) == simdjson::SUCCESS && total > alerts.size())
      say("more alerts are active than are told at once; /api/alerts has pages of all",
          total - alerts.size());
  }

  void append(std::string& text, const LiveItem& item) override NETPROBE_REQUIRES(mutex_) {
    if (item.kind != LiveItem::Kind::kRecord) return append_note(text, item);
    const auto& event = *static_cast<const AlertEvent*>(item.record.record);
    if (!matches(conditions_, event, state_in(parser_, event.evidence))) return;
    (void)is_new(item.node, event.id);
    text += "event: alert\ndata: ";
    append_live_alert(text, event, item.node);
    text += "\n\n";
  }

  bool is_new(std::string_view node, std::string_view id) NETPROBE_REQUIRES(mutex_) {
    if (told_.size() >= kMostTold) told_.clear();
    return told_.insert(std::string(node).append("\n").append(id)).second;
  }
  void say(std::string_view problem, std::uint64_t lost = 0) NETPROBE_REQUIRES(mutex_) {
    LiveItem item{.kind = LiveItem::Kind::kLost, .count = lost, .problem = std::string(problem)};
    std::string text;
    append_note(text, item);
    write(std::move(text), 1);
  }

  const ClusterPages& pages_;
  const AlertsQuery conditions_;
  const QueryParams params_;
  simdjson::dom::parser parser_ NETPROBE_GUARDED_BY(mutex_);
  std::set<std::string, std::less<>> told_ NETPROBE_GUARDED_BY(mutex_);
};

/// What agents are asked for at first: the same, of those that are active.
QueryParams list_params(const QueryParams& params) {
  QueryParams asked;
  for (const auto& each : params)
    if (each.name != "state" && each.name != "limit" && each.name != "cursor")
      asked.push_back(each);
  asked.push_back({"state", "active"});
  asked.push_back({"limit", std::to_string(kMostListed)});
  return asked;
}

}  // namespace

void append_live_alert(std::string& out, const AlertEvent& event, std::string_view node) {
  simdjson::dom::parser parser;
  simdjson::dom::element evidence;
  const bool has_evidence =
      parser.parse(event.evidence).get(evidence) == simdjson::SUCCESS && evidence.is_object();
  const auto told = [&](std::string_view key) {
    return has_evidence ? text_of(evidence, key) : std::string_view();
  };
  const bool over = told("change") == to_string(AlertChange::kResolved);
  JsonObject json(out);
  json.text("node", node);
  json.text("id", event.id);
  json.text("kind", event.kind);
  json.text("severity", event.severity);
  append_technique(json, event.technique);
  json.text("state", to_string(over ? AlertState::kResolved : AlertState::kActive));
  json.text("summary", event.summary);
  FindingEnd source = src_of(event);
  FindingEnd target = dst_of(event);
  source.text = told("source_text");
  target.text = told("target_text");
  json.key("source");
  append_end_json(out, source);
  json.key("target");
  append_end_json(out, target);
  json.time("first_seen", event.first_seen * kMicrosecond);
  json.time("last_seen", event.last_seen * kMicrosecond);
  if (const auto opened = told("opened"); !opened.empty()) json.text("opened", opened);
  json.time("updated", event.time * kMicrosecond);
  if (const auto resolved = told("resolved"); !resolved.empty()) json.text("resolved", resolved);
  json.number("count", event.count);
  json.key("evidence");
  // On one line: events end with it.
  out += has_evidence ? simdjson::minify(evidence) : "{}";
  json.close();
}

void add_alert_stream_route(HttpServer& server, const ClusterPages& pages, AgentDirectory& agents,
                            Scheduler& scheduler, const Clock& clock) {
  server.route("/api/alerts/stream", [&](const HttpRequest& request, const HttpReply& reply) {
    auto conditions = parse_alerts_query(request.query, clock.wall());
    if (!conditions) return reply(bad_query_response(conditions.error()));
    std::string filter;
    for (const auto& each : request.query)
      if (each.name == "q") filter = each.value;
    auto query = parse_alert_filter(filter, clock.wall());
    if (!query) return reply(problem(400, query.error().message));  // it was read a moment ago
    const auto client = std::make_shared<AlertClient>(pages, scheduler, std::move(*conditions),
                                                      list_params(request.query));
    auto stream = reply.open_stream([client] { client->close(); });
    stream->write(std::make_shared<const std::string>(kHello), 0);
    if (client->begin(std::move(stream), std::move(*query), agents, clock)) client->list();
  });
}

}  // namespace netprobe
