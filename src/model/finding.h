// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "model/flow.h"
#include "model/history.h"
#include "model/identity.h"
#include "model/process.h"

namespace netprobe {

/// How bad it is, if it is what it looks like. OCSF's scale without "fatal".
enum class Severity : std::uint8_t { kInfo, kLow, kMedium, kHigh, kCritical };
/// "info", "low", "medium", "high", "critical".
[[nodiscard]] std::string_view to_string(Severity severity);

/// One side of a finding. Unknown: unspecified, null, 0.
struct FindingEnd {
  IpAddress address;  ///< unspecified where it is many: a distributed source, a swept network
  IdentityPtr identity;
  ProcessPtr process;
  std::uint16_t port = 0;
  std::string text;  ///< in place of an address: "10.1.2.0/24", a domain name
};

/// A flow that shows it, as it was then.
struct EvidenceFlow {
  Micros time = 0;  ///< wall: newest packet
  FlowTuple tuple;
  std::uint64_t flow_id = 0;   ///< FlowRecord::flow_id
  std::uint64_t packets = 0;   ///< both ways, that the detector saw; 0: not known
  std::uint64_t bytes = 0;     ///< 0: not known
  std::uint8_t tcp_flags = 0;  ///< src to dst
};
/// As many are kept of one alert.
inline constexpr std::size_t kMostEvidence = 20;

/// What a detector saw in one look: a step in the life of an alert. A detector says it
/// again, with newer numbers, as long as it goes on; alerts/alert_book.h makes one alert
/// of all that have the same kind and key.
struct Finding {
  std::string_view kind;  ///< "port_scan" …: docs/detectors.md; static storage
  Severity severity = Severity::kMedium;
  std::string_view technique;  ///< MITRE ATT&CK, "T1046"; static storage
  /// What makes it the same alert as before, beside the kind: "10.0.0.1>10.0.0.2".
  std::string key;
  FindingEnd source;      ///< who does it: the attacker, which need not be who began the flow
  FindingEnd target;      ///< whom it is done to
  std::string summary;    ///< one sentence with names and numbers
  std::string expected;   ///< what is normal, where that was learnt; else empty
  Micros first_seen = 0;  ///< wall
  Micros last_seen = 0;
  double value = 0;  ///< what was measured, of `unit`
  double threshold = 0;
  std::string_view unit;               ///< "ports", "packets/s" …; static storage
  Micros window = 0;                   ///< over which `value` was measured; 0: not over time
  double confidence = 1;               ///< 0 to 1
  bool spoofable = false;              ///< source addresses are not proven: no handshake was seen
  std::uint64_t count = 1;             ///< of the events that it is made of, since first_seen
  std::vector<EvidenceFlow> evidence;  ///< newest last; at most kMostEvidence
};

using FindingSink = std::function<void(Finding&&)>;

/// The evidence that a flow's record is.
[[nodiscard]] EvidenceFlow evidence_of(const FlowRecord& record);
/// Adds it, and forgets the oldest where there are as many as `most` already.
void add_evidence(std::vector<EvidenceFlow>& evidence, const EvidenceFlow& flow,
                  std::size_t most = kMostEvidence);
/// The ends of a record as those of a finding.
[[nodiscard]] FindingEnd src_of(const RecordBase& record);
[[nodiscard]] FindingEnd dst_of(const RecordBase& record);
/// "pod shop/web-1 (10.0.0.1)", or the address or text alone: for sentences.
[[nodiscard]] std::string name_of(const FindingEnd& end);

}  // namespace netprobe
