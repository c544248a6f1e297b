// SPDX-License-Identifier: Apache-2.0
#include "api/kept_records.h"

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
    FieldId::kRtt,           FieldId::kMinRtt};

Ask ask_of(RecordKind kind, const std::optional<Nanos>& since, const std::optional<Nanos>& until) {
  Ask ask;
  ask.source = Source::kHistory;
  ask.query.kind = kind;
  narrow_time(ask.query, since, until);
  ask.query.limit = kMostKept;
  ask.limits.rows = kMostKept;
  return ask;
}

/// A copy with other signals, and without what costs to copy.
std::shared_ptr<Snapshot> copy_of(const Snapshot& snapshot, std::shared_ptr<Signals> signals) {
  auto copy = std::make_shared<Snapshot>(snapshot);
  copy->flows.clear();
  copy->signals = std::move(signals);
  return copy;
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

/// The cookie is not asked for by queries: a number of the record's own, the
/// same from page to page.
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
  c.id = id_of(c);
  return c;
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
  auto signals = std::make_shared<Signals>(*found.snapshot->signals);
  signals->drops.records.clear();
  const AnswerRows rows(found.answer);
  for (const auto& row : found.answer.rows) signals->drops.records.push_back(drop_of(rows, row));
  return copy_of(*found.snapshot, std::move(signals));
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
  auto signals = std::make_shared<Signals>(*found.snapshot->signals);
  signals->sockets.listening.clear();
  auto& list = signals->sockets.connections;
  list.clear();
  const AnswerRows rows(found.answer);
  for (const auto& row : found.answer.rows) list.push_back(connection_of(rows, row));
  std::ranges::sort(list, {}, &Connection::id);  // as the live ones are
  return copy_of(*found.snapshot, std::move(signals));
}

bool reaches_beyond(const Snapshot& snapshot, const ConnectionsQuery& asked) {
  if (!asked.since && !asked.until) return false;
  return (asked.since && *asked.since < snapshot.started_at) ||
         snapshot.signals->sockets.ended_not_kept > 0;
}

}  // namespace netprobe
