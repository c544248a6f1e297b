// SPDX-License-Identifier: Apache-2.0
#include "api/kept_records.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "api/answer_rows.h"
#include "model/connection.h"

namespace netprobe {
namespace {

/// Sums of drops, and connections, that one list is made of.
constexpr std::size_t kMostKept = 20'000;

constexpr std::array kDropKeys{FieldId::kDropReason, FieldId::kDropHook, FieldId::kDropLocation,
                               FieldId::kInterface,  FieldId::kNetns,    FieldId::kSrcIp,
                               FieldId::kDstIp,      FieldId::kSrcPort,  FieldId::kDstPort,
                               FieldId::kProtocol};

constexpr std::array kConnectionFields{
    FieldId::kTime,          FieldId::kSrcIp,       FieldId::kDstIp,        FieldId::kSrcPort,
    FieldId::kDstPort,       FieldId::kProtocol,    FieldId::kSrcProcess,   FieldId::kDstProcess,
    FieldId::kSrcPid,        FieldId::kDstPid,      FieldId::kVerdict,      FieldId::kFirstSeen,
    FieldId::kNetns,         FieldId::kSide,        FieldId::kError,        FieldId::kBytesSent,
    FieldId::kBytesReceived, FieldId::kRetransmits, FieldId::kSegmentsSent, FieldId::kConnectTime,
    FieldId::kRtt,           FieldId::kMinRtt,      FieldId::kConnectionId};

Ask ask_of(RecordKind kind, const std::optional<Nanos>& since, const std::optional<Nanos>& until) {
  Ask ask;
  ask.source = Source::kHistory;
  ask.query.kind = kind;
  narrow_time(ask.query, since, until);
  ask.query.limit = kMostKept;
  ask.limits.rows = kMostKept;
  return ask;
}

/// What pages of drops and connections say of the agent itself: no list, which may
/// be long, is copied.
std::shared_ptr<Snapshot> frame_of(const Snapshot& snapshot, std::shared_ptr<Signals> signals) {
  auto frame = std::make_shared<Snapshot>();
  frame->taken_at = snapshot.taken_at;
  frame->started_at = snapshot.started_at;
  frame->node_name = snapshot.node_name;
  frame->probes = snapshot.probes;
  frame->losses = snapshot.losses;
  frame->kube = snapshot.kube;
  frame->external = snapshot.external;
  frame->signals = std::move(signals);
  return frame;
}

std::shared_ptr<Signals> signals_of(const Snapshot& snapshot) {
  auto signals = std::make_shared<Signals>();
  signals->taken_at = snapshot.signals->taken_at;
  signals->probes = snapshot.signals->probes;
  return signals;
}

DropRecord drop_of(const AnswerRows& rows, const AnswerRows::Row& row) {
  DropRecord drop;
  drop.tuple = rows.tuple(row);
  drop.has_tuple = drop.tuple.src != IpAddress{} || drop.tuple.dst != IpAddress{};
  drop.reason = rows.text(row, FieldId::kDropReason);
  drop.hook = rows.text(row, FieldId::kDropHook);
  drop.location = rows.text(row, FieldId::kDropLocation);
  drop.interface = rows.text(row, FieldId::kInterface);
  drop.netns = rows.number(row, FieldId::kNetns);
  drop.count = rows.number(row, "sum_packets");
  drop.bytes = rows.number(row, "sum_bytes");
  drop.first_seen = rows.time(row, "min_time");
  drop.last_seen = rows.time(row, "max_time");
  return drop;
}

SocketRole role_of(const std::string& side) {
  for (const auto role : {SocketRole::kClient, SocketRole::kServer})
    if (to_string(role) == side) return role;
  return SocketRole::kUnknown;
}

/// Of a record without a socket's cookie, or with one that another has: a number of
/// its own, the same from page to page.
std::uint64_t id_of(const Connection& c) {
  std::string key = std::to_string(c.closed) + ' ' + std::to_string(c.netns);
  for (const auto* address : {&c.tuple.src, &c.tuple.dst}) address->append_to(key += ' ');
  for (const unsigned n :
       {unsigned{c.tuple.src_port}, unsigned{c.tuple.dst_port}, unsigned{c.tuple.protocol}})
    key += ' ' + std::to_string(n);
  std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a
  for (const char byte : key) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  return hash;
}

Connection connection_of(const AnswerRows& rows, const AnswerRows::Row& row) {
  Connection c;
  c.tuple = rows.tuple(row);
  c.role = role_of(rows.text(row, FieldId::kSide));
  const bool server = c.role == SocketRole::kServer;
  if (server) c.tuple = c.tuple.reversed();  // src is the socket's own address
  c.process = server ? rows.process(row, FieldId::kDstProcess, FieldId::kDstPid)
                     : rows.process(row, FieldId::kSrcProcess, FieldId::kSrcPid);
  c.state = "close";
  c.verdict = rows.word(row, FieldId::kVerdict);
  c.netns = rows.number(row, FieldId::kNetns);
  c.opened = rows.time(row, FieldId::kFirstSeen);
  c.closed = rows.time(row, FieldId::kTime);
  c.bytes_sent = rows.number(row, FieldId::kBytesSent);
  c.bytes_received = rows.number(row, FieldId::kBytesReceived);
  c.retransmits = rows.number(row, FieldId::kRetransmits);
  c.segments_sent = rows.number(row, FieldId::kSegmentsSent);
  c.connect_time = rows.time(row, FieldId::kConnectTime);
  c.rtt = rows.time(row, FieldId::kRtt);
  c.min_rtt = rows.time(row, FieldId::kMinRtt);
  c.error = error_number(rows.text(row, FieldId::kError));
  c.id = rows.number(row, FieldId::kConnectionId);
  if (c.id == 0) c.id = id_of(c);
  return c;
}

/// Pages go by ids. Of several with one cookie (it is of the time before the machine
/// was booted, or a UDP socket had several peers) the oldest has it.
void tell_apart(std::vector<Connection>& list) {
  const auto is_before = [](const Connection& a, const Connection& b) {
    if (a.id != b.id) return a.id < b.id;
    return a.closed != b.closed ? a.closed < b.closed : id_of(a) < id_of(b);
  };
  std::ranges::sort(list, is_before);
  std::uint64_t before = 0;
  for (Connection& c : list) {
    const std::uint64_t id = c.id;
    if (id == before) c.id = id_of(c);
    before = id;
  }
  std::ranges::sort(list, {}, &Connection::id);  // as the live ones are
}

}  // namespace

Ask kept_drops_ask(const DropsQuery& asked) {
  Ask ask = ask_of(RecordKind::kDrop, asked.since, asked.until);
  for (const FieldId id : kDropKeys) ask.query.by.push_back({id, {}});
  ask.query.aggregates = {{AggregateOp::kSum, {FieldId::kPackets, {}}, 0, "sum_packets"},
                          {AggregateOp::kSum, {FieldId::kBytes, {}}, 0, "sum_bytes"},
                          {AggregateOp::kMin, {FieldId::kTime, {}}, 0, "min_time"},
                          {AggregateOp::kMax, {FieldId::kTime, {}}, 0, "max_time"}};
  ask.query.order = {{"sum_packets", true}};
  return ask;
}

SnapshotPtr with_kept_drops(const Found& found) {
  const Snapshot& live = *found.snapshot;
  auto signals = signals_of(live);
  signals->drops.totals = live.signals->drops.totals;
  // By its sockets pods are told apart that use the node's address.
  if (!live.kube->host_containers.empty())
    signals->sockets.connections = live.signals->sockets.connections;
  const AnswerRows rows(found.answer);
  for (const auto& row : found.answer.rows) signals->drops.records.push_back(drop_of(rows, row));
  return frame_of(live, std::move(signals));
}

bool reaches_beyond(const Snapshot& snapshot, const DropsQuery& asked) {
  if (!asked.since && !asked.until) return false;
  return (asked.since && *asked.since < snapshot.started_at) || snapshot.signals->drops.folded > 0;
}

Ask kept_connections_ask(const ConnectionsQuery& asked) {
  Ask ask = ask_of(RecordKind::kConnection, asked.since, asked.until);
  for (const FieldId id : kConnectionFields) ask.query.select.push_back({id, {}});
  return ask;
}

SnapshotPtr with_kept_connections(const Found& found) {
  auto signals = signals_of(*found.snapshot);
  const SocketReport& live = found.snapshot->signals->sockets;
  signals->sockets.live = live.live;
  signals->sockets.ended_not_kept = live.ended_not_kept;
  signals->sockets.ended_from_before = live.ended_from_before;
  auto& list = signals->sockets.connections;
  const AnswerRows rows(found.answer);
  for (const auto& row : found.answer.rows) list.push_back(connection_of(rows, row));
  tell_apart(list);
  return frame_of(*found.snapshot, std::move(signals));
}

bool reaches_beyond(const Snapshot& snapshot, const ConnectionsQuery& asked) {
  if (!asked.since && !asked.until) return false;
  return (asked.since && *asked.since < snapshot.started_at) ||
         snapshot.signals->sockets.ended_not_kept > 0;
}

}  // namespace netprobe
