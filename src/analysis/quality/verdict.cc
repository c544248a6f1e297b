// SPDX-License-Identifier: Apache-2.0
#include "analysis/quality/verdict.h"

#include <cerrno>

namespace netprobe {
namespace {

enum class IcmpAnswer { kNone, kPort, kWay };

/// What an ICMP error says of the destination: nothing (a packet too big), its
/// port is closed, or there is no way to it.
IcmpAnswer icmp_answer(const Flow& flow) {
  if (flow.icmp_errors == 0) return IcmpAnswer::kNone;
  const int type = flow.last_icmp_error >> 8;
  const int code = flow.last_icmp_error & 0xff;
  if (flow.tuple.src.is_v4()) {
    if (type == 11) return IcmpAnswer::kWay;  // time exceeded
    if (type != 3 || code == 4) return IcmpAnswer::kNone;
    return code == 3 ? IcmpAnswer::kPort : IcmpAnswer::kWay;
  }
  if (type == 3) return IcmpAnswer::kWay;  // time exceeded
  if (type != 1) return IcmpAnswer::kNone;
  return code == 4 ? IcmpAnswer::kPort : IcmpAnswer::kWay;
}

bool sent(const TcpSide& side, std::uint8_t flag) { return (side.flags & flag) != 0; }

bool overdue(const Flow& flow, Nanos now) {
  return flow.ending == FlowEnding::kSilent || now - flow.first_seen >= kAnswerTime;
}

Verdict of_reset(const Flow& flow) {
  const TcpSide& client = flow.tcp_forward;
  const TcpSide& server = flow.tcp_reverse;
  if (!sent(client, kTcpRst)) {
    const bool answers_syn = sent(client, kTcpSyn) && !sent(client, kTcpAck);
    return answers_syn && !sent(server, kTcpSyn) ? Verdict::kRefused : Verdict::kResetByServer;
  }
  // Data under way is answered by another reset: the first one ended it.
  const bool server_first = sent(server, kTcpRst) && server.first_rst < client.first_rst;
  return server_first ? Verdict::kResetByServer : Verdict::kResetByClient;
}

/// Of a SYN that no ACK of the client followed.
Verdict of_opening(const Flow& flow, Nanos now) {
  if (flow.reverse.packets == 0) {
    switch (icmp_answer(flow)) {
      case IcmpAnswer::kPort:
        return Verdict::kRefused;
      case IcmpAnswer::kWay:
        return Verdict::kUnreachable;
      case IcmpAnswer::kNone:
        break;
    }
  }
  if (!overdue(flow, now)) return Verdict::kConnecting;
  return sent(flow.tcp_reverse, kTcpSyn) ? Verdict::kHalfOpen : Verdict::kNoAnswer;
}

Verdict of_tcp(const Flow& flow, Nanos now) {
  const TcpSide& client = flow.tcp_forward;
  const TcpSide& server = flow.tcp_reverse;
  const bool client_fin = sent(client, kTcpFin);
  const bool server_fin = sent(server, kTcpFin);
  if (client_fin && server_fin) return Verdict::kClosed;
  if (sent(client, kTcpRst) || sent(server, kTcpRst)) return of_reset(flow);
  if (client_fin || server_fin) return Verdict::kHalfClosed;
  if (sent(client, kTcpSyn) && !sent(client, kTcpAck)) return of_opening(flow, now);
  // A SYN-ACK alone: the way of the other side does not pass here.
  if (flow.forward.packets == 0 && flow.reverse.packets == server.syns) return Verdict::kUnknown;
  return flow.ending == FlowEnding::kSilent ? Verdict::kIdle : Verdict::kOpen;
}

Verdict of_udp(const Flow& flow, Nanos now) {
  // Nobody answers those as the same flow.
  const bool one_way = flow.tuple.dst.is_multicast() || flow.carries != Tunnel::kNone ||
                       flow.tuple.dst == IpAddress::v4(0xffffffff);
  if (one_way) return Verdict::kUnknown;
  if (flow.reverse.packets > 0) return Verdict::kAnswered;
  switch (icmp_answer(flow)) {
    case IcmpAnswer::kPort:
      return Verdict::kPortUnreachable;
    case IcmpAnswer::kWay:
      return Verdict::kUnreachable;
    case IcmpAnswer::kNone:
      break;
  }
  return overdue(flow, now) ? Verdict::kNoAnswer : Verdict::kConnecting;
}

}  // namespace

Verdict flow_verdict(const Flow& flow, Nanos now) {
  if (flow.no_ports) return Verdict::kUnknown;
  if (flow.tuple.protocol == kProtoTcp) return of_tcp(flow, now);
  if (flow.tuple.protocol == kProtoUdp) return of_udp(flow, now);
  return Verdict::kUnknown;
}

Verdict with_socket(Verdict packets, const Connection& socket, bool client) {
  const bool was_open =
      packets == Verdict::kOpen || packets == Verdict::kHalfClosed || packets == Verdict::kIdle;
  const bool asked = packets == Verdict::kConnecting || packets == Verdict::kNoAnswer;
  if (!was_open && !asked) return packets;
  switch (socket.error) {
    case ETIMEDOUT:
      return was_open ? Verdict::kTimedOut : Verdict::kNoAnswer;
    case ECONNREFUSED:
      return asked ? Verdict::kRefused : packets;
    case EHOSTUNREACH:
    case ENETUNREACH:
      return Verdict::kUnreachable;
    case ECONNRESET:
    case EPIPE:
      if (!was_open) return packets;
      return client ? Verdict::kResetByServer : Verdict::kResetByClient;
    default:
      return packets;
  }
}

}  // namespace netprobe
