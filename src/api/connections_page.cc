// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "api/completeness.h"
#include "api/connections_query.h"
#include "api/kube_json.h"
#include "api/names.h"

namespace netprobe {
namespace {

void append_process(JsonObject& json, const ProcessPtr& process) {
  if (!process) {
    json.null("pid");
    json.null("process");
    json.null("known_by");
    return;
  }
  json.number("pid", process->pid);
  json.text("process", process->comm);
  json.text("known_by", process->known_by);
  if (process->cgroup_id != 0) json.number("cgroup_id", process->cgroup_id);
  if (!process->cgroup.empty()) json.text("cgroup", process->cgroup);
  if (!process->container.empty()) json.text("container", process->container);
}

void time_if(JsonObject& json, std::string_view name, Nanos wall) {
  if (wall != 0) json.time(name, wall);
}

void millis_if(JsonObject& json, std::string_view name, Nanos value) {
  if (value != 0) json.real(name, static_cast<double>(value) / 1e6);
}

void append_quality(JsonObject& json, const Connection& c) {
  millis_if(json, "connect_ms", c.connect_time);
  millis_if(json, "rtt_ms", c.rtt);
  millis_if(json, "min_rtt_ms", c.min_rtt);
  millis_if(json, "rto_ms", c.rto);
  json.number("congestion_window", c.congestion_window);
  json.number("retransmits", c.retransmits);
  json.number("segments_sent", c.segments_sent);
}

void append_connection(std::string& out, const Connection& c, const AddressNames& names,
                       Nanos now) {
  JsonObject json(out);
  json.number("id", c.id);
  json.address("src_ip", c.tuple.src);
  json.address("dst_ip", c.tuple.dst);
  json.number("src_port", c.tuple.src_port);
  json.number("dst_port", c.tuple.dst_port);
  json.text("protocol", protocol_name(c.tuple.protocol));
  const auto [begin, end] = life_of(c, now);
  AddressNames::append(json, out, names.named(c.tuple, begin, end, c.process));
  json.text("role", to_string(c.role));
  json.text("state", c.state);
  json.text("verdict", c.verdict);
  append_process(json, c.process);
  json.number("netns", c.netns);
  json.flag("found_later", c.found_later);
  json.flag("ended", c.closed != 0);
  time_if(json, "opened", c.opened);
  time_if(json, "established", c.established);
  time_if(json, "closed", c.closed);
  time_if(json, "last_active", c.last_active);
  if (c.error != 0) json.text("error", error_name(c.error));
  json.number("bytes_sent", c.bytes_sent);
  json.number("bytes_received", c.bytes_received);
  if (c.tuple.protocol == kProtoTcp) append_quality(json, c);
  json.number("receive_drops", c.receive_drops);
  json.close();
}

void append_listening(std::string& out, const ListeningSocket& socket) {
  JsonObject json(out);
  json.number("id", socket.id);
  json.address("ip", socket.address);
  json.number("port", socket.port);
  json.text("protocol", protocol_name(socket.protocol));
  append_process(json, socket.process);
  json.flag("shared", socket.shared);
  json.number("netns", socket.netns);
  if (socket.protocol == kProtoTcp) {
    json.number("backlog", socket.backlog);
    json.number("backlog_max", socket.backlog_max);
  } else {
    json.number("bytes_sent", socket.bytes_sent);
    json.number("bytes_received", socket.bytes_received);
  }
  json.number("receive_drops", socket.receive_drops);
  json.close();
}

/// With the first page only, and as many as a page may have; how many more
/// there are is handed back.
std::uint64_t append_listening_list(JsonObject& json, std::string& out, const Snapshot& snapshot,
                                    const ConnectionsQuery& query, const AddressNames& names) {
  const SocketReport& sockets = snapshot.signals->sockets;
  const Nanos now = snapshot.taken_at;
  const std::string& node = snapshot.node_name;
  json.key("listening");
  JsonArray list(out);
  std::uint64_t total = 0;
  for (const ListeningSocket& each : sockets.listening) {
    if (query.after || !query.matches(each, names, now, node) || ++total > kMaxLimit) continue;
    list.next();
    append_listening(out, each);
  }
  list.close();
  const std::uint64_t cut = total > kMaxLimit ? total - kMaxLimit : 0;
  json.number("listening_not_shown", cut);
  return cut;
}

std::string cursor_of(std::uint64_t id) {
  char text[20];
  const auto result = std::to_chars(text, text + sizeof(text), id, 16);
  return {text, result.ptr};
}

}  // namespace

std::string connections_page(const Snapshot& snapshot, const ConnectionsQuery& query,
                             const AnswerPage* kept) {
  const SocketReport& sockets = snapshot.signals->sockets;
  std::vector<const Connection*> page;
  std::uint64_t total = 0;
  const AddressNames names(snapshot);
  for (const Connection& each : sockets.connections) {  // by id
    if (!query.matches(each, names, snapshot.taken_at, snapshot.node_name)) continue;
    ++total;
    if (query.after && each.id <= *query.after) continue;
    // One more than wanted tells that there is a next page.
    if (page.size() <= query.limit) page.push_back(&each);
  }
  const bool more = page.size() > query.limit;
  if (more) page.pop_back();

  std::string out;
  out.reserve(1024 + page.size() * 640);
  JsonObject json(out);
  json.text("node_name", snapshot.node_name);
  json.time("last_updated", snapshot.signals->taken_at);
  json.key("connections");
  JsonArray list(out);
  for (const Connection* each : page) {
    list.next();
    append_connection(out, *each, names, snapshot.taken_at);
  }
  list.close();
  json.number("total", total);
  json.number("live", sockets.live);
  json.number("ended_not_kept", sockets.ended_not_kept);
  json.number("ended_from_before", sockets.ended_from_before);
  if (more)
    json.text("next_cursor", cursor_of(page.back()->id));
  else
    json.null("next_cursor");
  const std::uint64_t cut = append_listening_list(json, out, snapshot, query, names);
  if (kept != nullptr)
    append_origin(json, out, kept->answer, false);
  else
    append_live_origin(json);
  append_kubernetes(json, out, snapshot.kube->status);
  if (kept != nullptr)
    append_answer_completeness(json, out, *kept);
  else
    append_completeness(json, out, snapshot, {query.since, query.until}, {"socket"},
                        {"answer", "listening_cut", cut});
  json.close();
  return out;
}

}  // namespace netprobe
