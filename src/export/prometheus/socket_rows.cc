// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/socket_rows.h"

namespace netprobe {
namespace {

void write_named(MetricWriter& out, Metric metric, std::string_view label,
                 const std::vector<std::pair<std::string, std::uint64_t>>& values) {
  out.family(describe(metric));
  for (const auto& [name, count] : values) out.sample({{label, name}}, count);
}

void write_latencies(MetricWriter& out, Metric metric,
                     const std::vector<std::pair<std::string, Histogram>>& by_role) {
  out.family(describe(metric));
  for (const auto& [role, histogram] : by_role) out.latencies({{"role", role}}, histogram);
}

}  // namespace

void write_sockets(MetricWriter& out, const SocketReport& sockets) {
  out.family(describe(Metric::kSocketConnections));
  for (const auto& [labels, count] : sockets.connections_total)
    out.sample({{"protocol", labels.first}, {"role", labels.second}}, count);
  out.family(describe(Metric::kSocketBytesSent));
  for (const auto& [protocol, bytes] : sockets.bytes)
    out.sample({{"protocol", protocol}}, bytes.first);
  out.family(describe(Metric::kSocketBytesRecv));
  for (const auto& [protocol, bytes] : sockets.bytes)
    out.sample({{"protocol", protocol}}, bytes.second);
  write_named(out, Metric::kSocketEvents, "type", sockets.events);
  write_named(out, Metric::kSocketConnectFailures, "error", sockets.failures);
  write_named(out, Metric::kSocketEnded, "verdict", sockets.verdicts);
  out.family(describe(Metric::kSocketLive));
  out.sample({}, sockets.live);
  out.family(describe(Metric::kSocketListening));
  out.sample({}, static_cast<std::uint64_t>(sockets.listening.size()));
  out.family(describe(Metric::kTcpRetransmits));
  out.sample({{"direction", "out"}}, sockets.retransmits_out);
  write_latencies(out, Metric::kTcpRtt, sockets.rtt_by_role);
  write_latencies(out, Metric::kTcpHandshake, sockets.handshake_by_role);
}

}  // namespace netprobe
