// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/quality_rows.h"

#include "model/verdict.h"

namespace netprobe {
namespace {

void write_verdicts(MetricWriter& out, const QualityReport& quality) {
  out.family(describe(Metric::kFlowVerdicts));
  const auto protocol = [&](std::string_view name, const QualityReport::ByVerdict& counts) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      // Those that no flow can have would be series for nothing.
      if (counts[i] == 0) continue;
      out.sample({{"protocol", name}, {"verdict", to_string(static_cast<Verdict>(i))}}, counts[i]);
    }
  };
  protocol("tcp", quality.tcp);
  protocol("udp", quality.udp);
}

}  // namespace

void write_quality(MetricWriter& out, const QualityReport& quality) {
  write_verdicts(out, quality);
  const auto trouble = [&](Metric metric, std::uint64_t TcpTrouble::* count) {
    out.family(describe(metric));
    out.sample({{"direction", "client_to_server"}}, quality.from_client.*count);
    out.sample({{"direction", "server_to_client"}}, quality.from_server.*count);
  };
  trouble(Metric::kTcpResets, &TcpTrouble::resets);
  trouble(Metric::kTcpFlowRetransmits, &TcpTrouble::retransmits);
  trouble(Metric::kTcpFlowOutOfOrder, &TcpTrouble::out_of_order);
  trouble(Metric::kTcpFlowZeroWindows, &TcpTrouble::zero_windows);
  out.family(describe(Metric::kTcpHandshakeWire));
  for (std::size_t role = 0; role < quality.handshakes.size(); ++role) {
    const Histogram& histogram = quality.handshakes[role];
    if (!histogram.counts.empty())
      out.latencies({{"role", to_string(static_cast<Role>(role))}}, histogram);
  }
}

void write_bandwidth(MetricWriter& out, const std::vector<InterfaceRow>& rows) {
  const auto each = [&](Metric metric, const auto& write) {
    out.family(describe(metric));
    for (const auto& row : rows) {
      const LabelText name{{"interface", row.name}};
      write(name.with("direction", to_string(Direction::kIngress)), row.rx_use);
      write(name.with("direction", to_string(Direction::kEgress)), row.tx_use);
    }
  };
  out.family(describe(Metric::kInterfaceSpeed));
  for (const auto& row : rows)
    if (row.rx_use.speed > 0) out.sample({{"interface", row.name}}, row.rx_use.speed / 8);
  each(Metric::kInterfaceUtilisation, [&](const LabelText& labels, const LinkUse& use) {
    if (use.speed > 0) out.sample(labels, use.utilisation);
  });
  each(Metric::kInterfacePeak, [&](const LabelText& labels, const LinkUse& use) {
    out.sample(labels.with("window", "100ms"), use.peak_100ms / 8);
    out.sample(labels.with("window", "1s"), use.peak_1s / 8);
  });
  each(Metric::kInterfaceMicrobursts, [&](const LabelText& labels, const LinkUse& use) {
    if (use.speed > 0) out.sample(labels, use.microbursts);
  });
  each(Metric::kInterfaceUnmeasured, [&](const LabelText& labels, const LinkUse& use) {
    out.sample(labels, use.unmeasured_windows);
  });
}

}  // namespace netprobe
