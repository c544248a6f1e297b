// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "model/alert.h"
#include "outbox/testing/made_records.h"

namespace netprobe::testing {

/// A scan of a pod by an address outside, as the alert book has it.
inline Alert made_alert(const std::string& id, Micros opened = kMadeTime) {
  Alert alert;
  alert.id = id;
  alert.opened = alert.updated = opened;
  alert.found = 1;
  Finding& finding = alert.finding;
  finding.kind = "port_scan";
  finding.severity = Severity::kMedium;
  finding.technique = "T1595.001";
  finding.key = "fd00::9>" + id;
  finding.source.address = *IpAddress::parse("fd00::9");
  finding.target.address = *IpAddress::parse("10.1.0.4");
  finding.target.identity = made_pod("shop", "web", "web-1");
  finding.summary = "fd00::9 tried 40 ports of pod shop/web-1 (10.1.0.4)";
  finding.first_seen = opened - 3'000'000;
  finding.last_seen = opened;
  finding.value = 40;
  finding.threshold = 20;
  finding.unit = "ports";
  finding.window = 300'000'000;
  finding.count = 40;
  EvidenceFlow flow;
  flow.time = opened;
  flow.tuple = {.src = finding.source.address,
                .dst = finding.target.address,
                .src_port = 40'000,
                .dst_port = 22,
                .protocol = kProtoTcp};
  flow.flow_id = 7;
  flow.packets = 2;
  flow.bytes = 120;
  finding.evidence.push_back(flow);
  return alert;
}

/// The record of it, told `after` microseconds behind its opening.
inline AlertEvent made_alert_event(const std::string& id, AlertChange change = AlertChange::kOpened,
                                   Micros after = 0, Micros opened = kMadeTime) {
  Alert alert = made_alert(id, opened);
  alert.change = change;
  alert.updated = opened + after;
  if (change == AlertChange::kWorse) alert.finding.severity = Severity::kHigh;
  if (change == AlertChange::kResolved) {
    alert.state = AlertState::kResolved;
    alert.resolved = alert.updated;
  }
  return event_of(alert, alert.updated);
}

/// A batch of these alone.
inline HistoryBatchPtr alerts_batch(std::vector<AlertEvent> alerts) {
  auto batch = std::make_shared<HistoryBatch>();
  batch->node = "n1";
  batch->alerts = std::move(alerts);
  return batch;
}

}  // namespace netprobe::testing
