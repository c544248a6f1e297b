// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/connection_view.h"

#include <array>

#include "model/verdict.h"

namespace netprobe {
namespace {

static_assert(static_cast<int>(Verdict::kClosed) == NP_VERDICT_CLOSED);
static_assert(static_cast<int>(Verdict::kHalfOpen) == NP_VERDICT_HALF_OPEN);
static_assert(static_cast<int>(Verdict::kIdle) == NP_VERDICT_IDLE);
static_assert(static_cast<int>(Verdict::kNoLocalPort) == NP_VERDICT_NO_LOCAL_PORT);
static_assert(static_cast<int>(Verdict::kCount) == NP_VERDICTS);
static_assert(NP_LATENCY_BUCKETS == kLatencyBounds.size() + 1);

constexpr std::array<std::string_view, 13> kStates{
    "unknown", "established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2",   "time_wait",
    "close",   "close_wait",  "last_ack", "listen",   "closing",   "new_syn_recv"};

/// How a connection that has not ended stands.
constexpr std::array<Verdict, 13> kStandings{
    Verdict::kUnknown,    Verdict::kOpen,       Verdict::kConnecting, Verdict::kHalfOpen,
    Verdict::kHalfClosed, Verdict::kHalfClosed, Verdict::kClosed,     Verdict::kClosed,
    Verdict::kHalfClosed, Verdict::kClosed,     Verdict::kUnknown,    Verdict::kClosed,
    Verdict::kHalfOpen};

Verdict verdict_of(const np_connection& from) {
  if ((from.flags & NP_CONN_ENDED) != 0)
    return static_cast<Verdict>(from.verdict < NP_VERDICTS ? from.verdict : 0);
  if (from.protocol != kProtoTcp) return Verdict::kOpen;
  return from.state < kStandings.size() ? kStandings[from.state] : Verdict::kUnknown;
}

Nanos nanos(std::uint64_t value) { return static_cast<Nanos>(value); }
Nanos micros(std::uint32_t value) { return static_cast<Nanos>(value) * kMicrosecond; }
Nanos wall(std::uint64_t monotonic, Nanos offset) {
  return monotonic == 0 ? 0 : nanos(monotonic) + offset;
}

}  // namespace

std::string_view tcp_state_name(std::uint8_t state) {
  return state < kStates.size() ? kStates[state] : kStates[0];
}

Connection connection_of(const np_connection& from, Nanos offset, ProcessCache& processes) {
  Connection c;
  c.id = from.id;
  c.tuple = {IpAddress(from.src_ip), IpAddress(from.dst_ip), from.src_port, from.dst_port,
             from.protocol};
  c.netns = from.netns;
  c.role = from.role < NP_ROLES ? static_cast<SocketRole>(from.role) : SocketRole::kUnknown;
  c.process = processes.find(from.owner);
  const bool udp = from.protocol == kProtoUdp;
  const bool ended = (from.flags & NP_CONN_ENDED) != 0;
  c.state = udp && !ended && from.dst_port == 0 ? "unconnected" : tcp_state_name(from.state);
  c.found_later = (from.flags & NP_CONN_FOUND_LATER) != 0;
  c.opened = wall(from.opened_ns, offset);
  c.established = wall(from.established_ns, offset);
  c.closed = ended ? wall(from.closed_ns, offset) : 0;
  c.last_active = udp ? wall(from.closed_ns, offset) : 0;
  c.error = from.error;
  c.bytes_sent = from.bytes_sent;
  c.bytes_received = from.bytes_recv;
  c.retransmits = from.retransmits;
  c.segments_sent = from.segments_sent;
  c.connect_time = nanos(from.handshake_ns);
  c.rtt = micros(from.srtt_us);
  c.min_rtt = micros(from.min_rtt_us);
  c.rto = micros(from.rto_us);
  c.congestion_window = from.cwnd;
  c.receive_drops = from.receive_drops;
  c.verdict = to_string(verdict_of(from));
  return c;
}

ListeningSocket listening_of(const np_connection& from, ProcessCache& processes) {
  ListeningSocket socket;
  socket.id = from.id;
  socket.address = IpAddress(from.src_ip);
  socket.port = from.src_port;
  socket.protocol = from.protocol;
  socket.netns = from.netns;
  socket.process = processes.find(from.owner);
  socket.backlog = from.backlog;
  socket.backlog_max = from.backlog_max;
  socket.receive_drops = from.receive_drops;
  socket.bytes_sent = from.bytes_sent;
  socket.bytes_received = from.bytes_recv;
  socket.shared = (from.flags & NP_CONN_SHARED) != 0;
  return socket;
}

}  // namespace netprobe
