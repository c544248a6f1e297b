// SPDX-License-Identifier: Apache-2.0
#include "api/alert_hub.h"

#include <utility>

#include "base/json_writer.h"

namespace netprobe {
namespace {

// Detectors are asked once a second.
constexpr Nanos kLookEvery = 500 * kMillisecond;
constexpr Micros kTellAgain = 10'000'000;

std::string json_text_of(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace

void AlertHub::add(std::uint64_t client, EventStreamPtr stream, AlertsQuery query) {
  Client& added =
      clients_.emplace(client, Client{std::move(stream), std::move(query), {}}).first->second;
  added.stream->write(std::make_shared<const std::string>(
      ": netprobe alerts\n\nevent: hello\ndata: {\"node_name\":" + json_text_of(node_) + "}\n\n"));
  if (const auto report = source_()) tell(added, *report);
  if (!std::exchange(ticking_, true)) look();
}

void AlertHub::tell(Client& client, const AlertReport& report) const {
  std::map<std::string, Told, std::less<>> now;
  for (const AlertPtr& alert : report.alerts) {
    if (!client.query.matches(*alert, node_)) continue;
    const Told state{alert->state, alert->finding.severity, alert->updated};
    const auto before = client.told.find(alert->id);
    const bool known = before != client.told.end();
    // What was over before the client came is for /api/alerts.
    bool news = known || alert->state == AlertState::kActive;
    if (known) {
      const Told& told = before->second;
      const Micros since = state.updated - told.updated;
      news = told.state != state.state || told.severity != state.severity || since >= kTellAgain ||
             since < 0;
    }
    now.emplace(alert->id, known && !news ? before->second : state);
    if (!news) continue;
    std::string text = "event: alert\ndata: ";
    append_json(text, *alert);
    text += "\n\n";
    client.stream->write(std::make_shared<const std::string>(std::move(text)));
  }
  client.told = std::move(now);
}

void AlertHub::look() {
  if (clients_.empty()) {
    ticking_ = false;
    return;
  }
  if (auto report = source_(); report && report != seen_) {
    for (auto& [id, client] : clients_) tell(client, *report);
    seen_ = std::move(report);
  }
  timer_(kLookEvery, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look();
  });
}

}  // namespace netprobe
