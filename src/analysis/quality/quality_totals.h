// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "model/quality.h"

namespace netprobe {

/// Sums up connection quality: every flow is counted once, when it ends, so
/// that the sums only ever grow. One thread.
class QualityTotals final : public FlowObserver {
 public:
  QualityTotals();
  void on_flow_end(const Flow& flow) override;
  void on_handshake(Role role, Nanos time) override;
  void on_tcp_trouble(bool from_client, const TcpTrouble& more) override;
  [[nodiscard]] const QualityReport& report() const { return report_; }

 private:
  QualityReport report_;
};

}  // namespace netprobe
