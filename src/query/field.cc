// SPDX-License-Identifier: Apache-2.0
#include "query/field.h"

#include <array>

#include "model/flow.h"
#include "model/verdict.h"

namespace netprobe {
namespace {

using Id = FieldId;
using Type = FieldType;
using Words = std::span<const std::string_view>;

constexpr std::uint8_t bit(RecordKind kind) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
}
constexpr std::uint8_t kFlows = bit(RecordKind::kFlow);
constexpr std::uint8_t kDrops = bit(RecordKind::kDrop);
constexpr std::uint8_t kConnections = bit(RecordKind::kConnection);
constexpr std::uint8_t kAlerts = bit(RecordKind::kAlert);
constexpr std::uint8_t kAll = kFlows | kDrops | kConnections | kAlerts;

// Whether roll-ups have it as well.
constexpr bool kRolledUp = true;
constexpr bool kRawOnly = false;

constexpr Words kNoWords{};
// Of what has 0 as a value: what it never is.
constexpr std::uint64_t kNoDscp = 0xff;   // 0 is best effort
constexpr std::uint64_t kNoIcmp = 0x100;  // 0 is an echo reply

constexpr std::array<std::string_view, 4> kEndKinds{"pod", "service", "node", "external"};
constexpr std::array<std::string_view, 4> kDirections{"intra-node", "inter-node", "ingress",
                                                      "egress"};
constexpr std::array<std::string_view, 3> kReporters{"src", "dst", "other"};
constexpr std::array<std::string_view, 6> kRoles{"pod",    "loopback", "bridge",
                                                 "tunnel", "host",     "uplink"};
constexpr std::array<std::string_view, 3> kSides{"client", "server", "unknown"};
constexpr std::array<std::string_view, 5> kSeverities{"info", "low", "medium", "high", "critical"};

using Table = std::array<Field, static_cast<std::size_t>(Id::kCount_)>;

// clang-format off: a field is two lines
Table make_table() {
  const Words verdicts(verdict_names());
  return {{
      {Id::kTime, "time", Type::kTime, kAll, kRolledUp, 0, kNoWords,
       "when what it holds began; a connection: when it ended; an alert: when it was told"},
      {Id::kNode, "observer", Type::kText, kAll, kRolledUp, 0, kNoWords,
       "the node whose agent saw it"},
      {Id::kSrcIp, "src.ip", Type::kAddress, kAll, kRawOnly, 0, kNoWords,
       "address of the side that began it"},
      {Id::kDstIp, "dst.ip", Type::kAddress, kAll, kRawOnly, 0, kNoWords,
       "address that it was sent to"},
      {Id::kSrcPort, "src.port", Type::kNumber, kAll, kRawOnly, 0, kNoWords,
       "its port"},
      {Id::kDstPort, "dst.port", Type::kNumber, kAll, kRawOnly, 0, kNoWords,
       "port that it was sent to"},
      {Id::kProtocol, "protocol", Type::kProtocol, kAll, kRolledUp, 0, kNoWords,
       "tcp, udp, icmp, icmp6, sctp … or the number"},
      {Id::kSrcKind, "src.kind", Type::kWord, kAll, kRolledUp, 0, kEndKinds,
       "what src is"},
      {Id::kDstKind, "dst.kind", Type::kWord, kAll, kRolledUp, 0, kEndKinds,
       "what dst is"},
      {Id::kSrcName, "src.name", Type::kText, kAll, kRawOnly, 0, kNoWords,
       "name of whatever src is"},
      {Id::kDstName, "dst.name", Type::kText, kAll, kRawOnly, 0, kNoWords,
       "name of whatever dst is"},
      {Id::kSrcPod, "src.pod", Type::kText, kAll, kRawOnly, 0, kNoWords,
       "name of the pod; 'shop/web-1' is namespace and name"},
      {Id::kDstPod, "dst.pod", Type::kText, kAll, kRawOnly, 0, kNoWords,
       "the same of dst"},
      {Id::kSrcNamespace, "src.namespace", Type::kText, kAll, kRolledUp, 0, kNoWords,
       "namespace of the pod or service"},
      {Id::kDstNamespace, "dst.namespace", Type::kText, kAll, kRolledUp, 0, kNoWords,
       "the same of dst"},
      {Id::kSrcWorkload, "src.workload", Type::kText, kAll, kRolledUp, 0, kNoWords,
       "on top of the pod's owners; 'deployment/web' is kind and name"},
      {Id::kDstWorkload, "dst.workload", Type::kText, kAll, kRolledUp, 0, kNoWords,
       "the same of dst"},
      {Id::kSrcWorkloadKind, "src.workload.kind", Type::kText, kAll, kRolledUp, 0, kNoWords,
       "Deployment, DaemonSet, Pod, Node, Service, External …"},
      {Id::kDstWorkloadKind, "dst.workload.kind", Type::kText, kAll, kRolledUp, 0, kNoWords,
       "the same of dst"},
      {Id::kSrcNode, "src.node", Type::kText, kAll, kRolledUp, 0, kNoWords,
       "node that src is, or is on"},
      {Id::kDstNode, "dst.node", Type::kText, kAll, kRolledUp, 0, kNoWords,
       "node that dst is, or is on"},
      {Id::kSrcZone, "src.zone", Type::kText, kAll, kRolledUp, 0, kNoWords,
       "that node's zone"},
      {Id::kDstZone, "dst.zone", Type::kText, kAll, kRolledUp, 0, kNoWords,
       "that node's zone"},
      {Id::kSrcLabel, "src.label", Type::kLabel, kAll, kRawOnly, 0, kNoWords,
       "src.label.KEY: value of a label of the pod"},
      {Id::kDstLabel, "dst.label", Type::kLabel, kAll, kRawOnly, 0, kNoWords,
       "dst.label.KEY"},
      {Id::kSrcProcess, "src.process", Type::kText, kAll, kRawOnly, 0, kNoWords,
       "command behind src, where it is on the observer"},
      {Id::kDstProcess, "dst.process", Type::kText, kAll, kRawOnly, 0, kNoWords,
       "the same of dst"},
      {Id::kSrcPid, "src.pid", Type::kNumber, kAll, kRawOnly, 0, kNoWords,
       "its process id"},
      {Id::kDstPid, "dst.pid", Type::kNumber, kAll, kRawOnly, 0, kNoWords,
       "its process id"},
      {Id::kService, "service", Type::kText, kAll, kRolledUp, 0, kNoWords,
       "that it was sent to; 'shop/api' is namespace and name"},
      {Id::kServiceNamespace, "service.namespace", Type::kText, kAll, kRolledUp, 0, kNoWords,
       "the service's namespace"},
      {Id::kDirection, "direction", Type::kWord, kAll, kRolledUp, 0, kDirections,
       "between nodes, or into and out of the cluster; filters also take pod-to-pod, service, external"},
      {Id::kVerdict, "verdict", Type::kWord, kAll, kRawOnly, 0, verdicts,
       "how it stands or ended (docs/verdicts.md)"},
      {Id::kInterface, "interface", Type::kText, kAll, kRawOnly, 0, kNoWords,
       "of the point nearest the pod, or where it was dropped"},
      {Id::kReporter, "reporter", Type::kWord, kAll, kRolledUp, 0, kReporters,
       "whose node the observer is: src's, else dst's, else another"},
      {Id::kRole, "role", Type::kWord, kFlows, kRawOnly, 0, kRoles,
       "what that interface is for"},
      {Id::kVni, "vni", Type::kNumber, kFlows, kRolledUp, 0, kNoWords,
       "of the tunnel that it travelled in"},
      {Id::kVlan, "vlan", Type::kNumber, kFlows, kRawOnly, kNoVlan, kNoWords,
       "VLAN"},
      {Id::kDscp, "dscp", Type::kNumber, kFlows, kRawOnly, kNoDscp, kNoWords,
       "differentiated services"},
      {Id::kIcmpType, "icmp_type", Type::kNumber, kFlows, kRawOnly, kNoIcmp, kNoWords,
       "of the newest message; ask for protocol=icmp as well"},
      {Id::kIcmpCode, "icmp_code", Type::kNumber, kFlows, kRawOnly, kNoIcmp, kNoWords,
       "of the newest message; ask for protocol=icmp as well"},
      {Id::kTcpFlags, "tcp_flags", Type::kFlags, kFlows, kRawOnly, 0, kNoWords,
       "all that src sent so far"},
      {Id::kReverseTcpFlags, "reverse_tcp_flags", Type::kFlags, kFlows, kRawOnly, 0, kNoWords,
       "all that dst sent so far"},
      {Id::kNat, "nat", Type::kBool, kFlows, kRawOnly, 0, kNoWords,
       "addresses are translated on the way"},
      {Id::kTranslatedSrcIp, "translated.src.ip", Type::kAddress, kFlows, kRawOnly, 0, kNoWords,
       "address of src as dst saw it, where it is translated"},
      {Id::kTranslatedDstIp, "translated.dst.ip", Type::kAddress, kFlows, kRawOnly, 0, kNoWords,
       "address that it came to in the end: a service's backend"},
      {Id::kTranslatedSrcPort, "translated.src.port", Type::kNumber, kFlows, kRawOnly, 0, kNoWords,
       "the port with it"},
      {Id::kTranslatedDstPort, "translated.dst.port", Type::kNumber, kFlows, kRawOnly, 0, kNoWords,
       "the port with it"},
      {Id::kFlowId, "flow_id", Type::kNumber, kFlows, kRawOnly, 0, kNoWords,
       "one number a flow, with observer and first_seen"},
      {Id::kFirstSeen, "first_seen", Type::kTime, kFlows | kConnections | kAlerts, kRawOnly, 0, kNoWords,
       "first packet of the flow; a connection: when it was opened"},
      {Id::kLastSeen, "last_seen", Type::kTime, kFlows | kAlerts, kRawOnly, 0, kNoWords,
       "newest packet so far"},
      {Id::kDuration, "duration", Type::kDuration, kFlows | kConnections, kRawOnly, 0, kNoWords,
       "from first_seen to last_seen, or to the connection's end"},
      {Id::kPackets, "packets", Type::kCount, kFlows | kDrops, kRolledUp, 0, kNoWords,
       "src to dst, as on the wire; a drop: packets dropped"},
      {Id::kBytes, "bytes", Type::kCount, kFlows | kDrops, kRolledUp, 0, kNoWords,
       "IP bytes, src to dst; a drop: bytes dropped"},
      {Id::kReversePackets, "reverse_packets", Type::kCount, kFlows, kRolledUp, 0, kNoWords,
       "dst to src"},
      {Id::kReverseBytes, "reverse_bytes", Type::kCount, kFlows, kRolledUp, 0, kNoWords,
       "dst to src"},
      {Id::kTotalPackets, "total_packets", Type::kCount, kFlows, kRolledUp, 0, kNoWords,
       "both ways"},
      {Id::kTotalBytes, "total_bytes", Type::kCount, kFlows, kRolledUp, 0, kNoWords,
       "both ways"},
      {Id::kRetransmits, "retransmits", Type::kCount, kFlows | kConnections, kRolledUp, 0, kNoWords,
       "segments that src sent again; a connection: this node's socket"},
      {Id::kReverseRetransmits, "reverse_retransmits", Type::kCount, kFlows, kRolledUp, 0, kNoWords,
       "segments that dst sent again"},
      {Id::kResets, "resets", Type::kCount, kFlows, kRolledUp, 0, kNoWords,
       "resets that src sent"},
      {Id::kReverseResets, "reverse_resets", Type::kCount, kFlows, kRolledUp, 0, kNoWords,
       "resets that dst sent"},
      {Id::kOutOfOrder, "out_of_order", Type::kCount, kFlows, kRolledUp, 0, kNoWords,
       "segments that came out of order, both ways"},
      {Id::kZeroWindows, "zero_windows", Type::kCount, kFlows, kRolledUp, 0, kNoWords,
       "segments that told of a full receiver, both ways"},
      {Id::kHandshake, "handshake", Type::kDuration, kFlows, kRolledUp, 0, kNoWords,
       "SYN to the ACK that completes it; in one record of a flow"},
      {Id::kRtt, "rtt", Type::kDuration, kFlows | kConnections, kRolledUp, 0, kNoWords,
       "round trip, smoothed"},
      {Id::kFlows, "flows", Type::kCount, kFlows, kRolledUp, 0, kNoWords,
       "1 in a flow's first record: its sum is how many began"},
      {Id::kConnections, "connections", Type::kCount, kFlows, kRolledUp, 0, kNoWords,
       "1 in the record with the handshake: its sum is how many were set up"},
      {Id::kEnded, "ended", Type::kCount, kFlows, kRolledUp, 0, kNoWords,
       "1 in a flow's last record"},
      {Id::kRecords, "records", Type::kCount, kFlows, kRawOnly, 0, kNoWords,
       "1; of sums that an export sends, records that they are made of"},
      {Id::kDropReason, "drop.reason", Type::kText, kDrops, kRawOnly, 0, kNoWords,
       "the kernel's name: NETFILTER_DROP … (docs/drops.md)"},
      {Id::kDropHook, "drop.hook", Type::kText, kDrops, kRawOnly, 0, kNoWords,
       "layer: device, netfilter, ip, tcp, qdisc …"},
      {Id::kDropLocation, "drop.location", Type::kText, kDrops, kRawOnly, 0, kNoWords,
       "symbol and offset of the code that dropped"},
      {Id::kNetns, "netns", Type::kNumber, kDrops | kConnections, kRawOnly, 0, kNoWords,
       "inode of the network namespace"},
      {Id::kSide, "side", Type::kWord, kConnections, kRawOnly, 0, kSides,
       "which side this node's socket is"},
      {Id::kError, "error", Type::kText, kConnections, kRawOnly, 0, kNoWords,
       "errno that ended it: ECONNREFUSED …"},
      {Id::kBytesSent, "bytes_sent", Type::kCount, kConnections, kRawOnly, 0, kNoWords,
       "payload that this node's socket sent"},
      {Id::kBytesReceived, "bytes_received", Type::kCount, kConnections, kRawOnly, 0, kNoWords,
       "payload that it received"},
      {Id::kSegmentsSent, "segments_sent", Type::kCount, kConnections, kRawOnly, 0, kNoWords,
       "segments with data that it sent"},
      {Id::kConnectTime, "connect_time", Type::kDuration, kConnections, kRawOnly, 0, kNoWords,
       "how long connecting took"},
      {Id::kMinRtt, "min_rtt", Type::kDuration, kConnections, kRawOnly, 0, kNoWords,
       "smallest round trip"},
      {Id::kConnectionId, "connection_id", Type::kNumber, kConnections, kRawOnly, 0, kNoWords,
       "cookie of this node's socket: its id in /api/connections"},
      {Id::kAlertId, "alert.id", Type::kText, kAlerts, kRawOnly, 0, kNoWords,
       "the same each time that the alert is told"},
      {Id::kAlertKind, "alert.kind", Type::kText, kAlerts, kRawOnly, 0, kNoWords,
       "what was found"},
      {Id::kAlertSeverity, "alert.severity", Type::kWord, kAlerts, kRawOnly, 0, kSeverities,
       "how bad; also with < and >="},
      {Id::kAlertTechnique, "alert.technique", Type::kText, kAlerts, kRawOnly, 0, kNoWords,
       "MITRE ATT&CK: T1046 …"},
      {Id::kAlertSummary, "alert.summary", Type::kText, kAlerts, kRawOnly, 0, kNoWords,
       "one sentence"},
      {Id::kAlertEvidence, "alert.evidence", Type::kText, kAlerts, kRawOnly, 0, kNoWords,
       "what it was found by, as JSON"},
      {Id::kAlertCount, "alert.count", Type::kCount, kAlerts, kRawOnly, 0, kNoWords,
       "how often it was met so far"},
  }};
}
// clang-format on

const Table& table() {
  static const Table kTable = make_table();
  return kTable;
}

}  // namespace

std::span<const Field> fields() { return table(); }

const Field& field(FieldId id) { return table().at(static_cast<std::size_t>(id)); }

std::string field_name(const FieldRef& ref) {
  std::string name(field(ref.id).name);
  if (field(ref.id).type == FieldType::kLabel) name += '.' + ref.label;
  return name;
}

}  // namespace netprobe
