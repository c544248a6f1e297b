// SPDX-License-Identifier: Apache-2.0
#include "analysis/quality/quality_totals.h"

#include <algorithm>

#include "analysis/quality/verdict.h"

namespace netprobe {

QualityTotals::QualityTotals() {
  for (Histogram& histogram : report_.handshakes)
    histogram.counts.assign(kLatencyBounds.size() + 1, 0);
}

void QualityTotals::on_flow_end(const Flow& flow) {
  // What a flow is when it ends it is by its last packet; one that was pushed
  // out is judged as it stood then.
  const auto verdict = static_cast<std::size_t>(flow_verdict(flow, flow.last_seen));
  if (flow.tuple.protocol == kProtoTcp) ++report_.tcp[verdict];
  if (flow.tuple.protocol == kProtoUdp) ++report_.udp[verdict];
}

void QualityTotals::on_handshake(Role role, Nanos time) {
  Histogram& histogram = report_.handshakes[static_cast<std::size_t>(role)];
  const auto bucket = std::ranges::lower_bound(kLatencyBounds, time) - kLatencyBounds.begin();
  ++histogram.counts[static_cast<std::size_t>(bucket)];
  histogram.sum += time;
}

void QualityTotals::on_tcp_trouble(bool from_client, const TcpTrouble& more) {
  TcpTrouble& sum = from_client ? report_.from_client : report_.from_server;
  sum.retransmits += more.retransmits;
  sum.out_of_order += more.out_of_order;
  sum.zero_windows += more.zero_windows;
  sum.resets += more.resets;
}

}  // namespace netprobe
