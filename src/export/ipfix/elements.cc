// SPDX-License-Identifier: Apache-2.0
#include "export/ipfix/elements.h"

namespace netprobe::ipfix {
namespace {

using Id = FieldId;
using When = bool (*)(const Shape&);

const FlowRecord& flow_of(const Row& row) { return *static_cast<const FlowRecord*>(row.data); }

constexpr When kAlways = [](const Shape&) { return true; };
constexpr When kOfFlows = [](const Shape& s) { return s.kind == RecordKind::kFlow; };
constexpr When kOfDrops = [](const Shape& s) { return s.kind == RecordKind::kDrop; };
constexpr When kOfConnections = [](const Shape& s) { return s.kind == RecordKind::kConnection; };
constexpr When kOfAlerts = [](const Shape& s) { return s.kind == RecordKind::kAlert; };
constexpr When kMoments = [](const Shape& s) {
  return s.kind == RecordKind::kDrop || s.kind == RecordKind::kAlert;
};
constexpr When kV4 = [](const Shape& s) { return s.family == Family::kV4; };
constexpr When kV6 = [](const Shape& s) { return s.family == Family::kV6; };
constexpr When kIp = [](const Shape& s) { return s.family != Family::kNone || s.sum; };
constexpr When kPorts = [](const Shape& s) {
  return (s.family != Family::kNone && !s.icmp) || s.sum;
};
constexpr When kSingle = [](const Shape& s) { return !s.sum; };
constexpr When kSums = [](const Shape& s) { return s.sum; };
constexpr When kTcp = [](const Shape& s) { return s.kind == RecordKind::kFlow && !s.icmp; };
constexpr When kIcmp = [](const Shape& s) { return s.icmp; };
constexpr When kIcmp4 = [](const Shape& s) { return s.icmp && s.family == Family::kV4; };
constexpr When kIcmp6 = [](const Shape& s) { return s.icmp && s.family == Family::kV6; };
constexpr When kNat = [](const Shape& s) { return s.translated != Family::kNone && !s.icmp; };
constexpr When kNat4 = [](const Shape& s) { return s.translated == Family::kV4; };
constexpr When kNat6 = [](const Shape& s) { return s.translated == Family::kV6; };

std::uint64_t end_reason(const Row& row) {
  // IANA's values: idle timeout, active timeout, end of flow detected.
  constexpr std::uint64_t kIdle = 1;
  constexpr std::uint64_t kActive = 2;
  constexpr std::uint64_t kEnd = 3;
  const FlowRecord& flow = flow_of(row);
  if (!flow.ended) return kActive;
  const unsigned flags = flow.tcp_flags | flow.reverse_tcp_flags;
  return flow.tuple.protocol == kProtoTcp && (flags & (kTcpFin | kTcpRst)) != 0 ? kEnd : kIdle;
}
std::uint64_t initiator(const Row&) { return 1; }   // RFC 5103 6.3: as who began it is known
std::uint64_t dropped(const Row&) { return 0x80; }  // forwardingStatus: dropped, unknown why
std::uint64_t class_of_service(const Row& row) { return std::uint64_t{flow_of(row).dscp} << 2U; }
std::uint64_t vlan(const Row& row) {
  return flow_of(row).vlan == kNoVlan ? 0 : std::uint64_t{flow_of(row).vlan};
}
std::uint64_t segment(const Row& row) {
  // The first byte says the encapsulation; the registry knows 1, VXLAN, and 2, NVGRE.
  constexpr std::uint64_t kVxlan = 1ULL << 56U;
  return flow_of(row).vni == 0 ? 0 : kVxlan | flow_of(row).vni;
}

// Short names, so that a line is an element.
constexpr auto U8 = DataType::kUnsigned8;
constexpr auto U16 = DataType::kUnsigned16;
constexpr auto U32 = DataType::kUnsigned32;
constexpr auto U64 = DataType::kUnsigned64;
constexpr auto Text = DataType::kString;
constexpr auto Ip4 = DataType::kIpv4;
constexpr auto Ip6 = DataType::kIpv6;
constexpr auto Time = DataType::kMicroseconds;
constexpr auto Iana = Registry::kIana;
constexpr auto Reverse = Registry::kReverse;
constexpr auto Own = Registry::kOwn;
constexpr auto None = Semantics::kDefault;
constexpr auto Quantity = Semantics::kQuantity;
constexpr auto Delta = Semantics::kDeltaCounter;
constexpr auto Ident = Semantics::kIdentifier;
constexpr auto Flags = Semantics::kFlags;
constexpr auto Plain = Units::kNone;
constexpr auto Octets = Units::kOctets;
constexpr auto Packets = Units::kPackets;
constexpr auto Flows = Units::kFlows;
constexpr auto Millis = Units::kMilliseconds;
constexpr auto Micro = Units::kMicroseconds;

// Own numbers are for ever: a new element takes the next one, wherever it stands.
// clang-format off
std::vector<FieldElement> make_elements(bool us) {
  const auto when_type = us ? DataType::kMicroseconds : DataType::kMilliseconds;
  const auto when_id = [us](std::uint16_t ms, std::uint16_t micro) { return us ? micro : ms; };
  return {
      {Id::kTime, kOfFlows, {when_id(152, 154), Iana, when_type, None, Plain, us ? "flowStartMicroseconds" : "flowStartMilliseconds", "when what the record counts began"}},
      {Id::kTime, kOfConnections, {when_id(153, 155), Iana, when_type, None, Plain, us ? "flowEndMicroseconds" : "flowEndMilliseconds", "when the connection ended"}},
      {Id::kTime, kMoments, {when_id(323, 324), Iana, when_type, None, Plain, us ? "observationTimeMicroseconds" : "observationTimeMilliseconds", "of a drop: when they began; of an alert: when it was told"}},
      {Id::kLastSeen, kOfFlows, {when_id(153, 155), Iana, when_type, None, Plain, us ? "flowEndMicroseconds" : "flowEndMilliseconds", "newest packet so far"}},
      {Id::kFirstSeen, kOfConnections, {when_id(152, 154), Iana, when_type, None, Plain, us ? "flowStartMicroseconds" : "flowStartMilliseconds", "when the connection was opened"}},
      {Id::kNode, kAlways, {300, Iana, Text, None, Plain, "observationDomainName", "the node that saw it"}},
      {Id::kSrcIp, kV4, {8, Iana, Ip4, Ident, Plain, "sourceIPv4Address", "the side that began it"}},
      {Id::kSrcIp, kV6, {27, Iana, Ip6, Ident, Plain, "sourceIPv6Address", "the same"}},
      {Id::kDstIp, kV4, {12, Iana, Ip4, Ident, Plain, "destinationIPv4Address", "the other side"}},
      {Id::kDstIp, kV6, {28, Iana, Ip6, Ident, Plain, "destinationIPv6Address", "the same"}},
      {Id::kSrcPort, kPorts, {7, Iana, U16, Ident, Plain, "sourceTransportPort", "not of ICMP flows"}},
      {Id::kDstPort, kPorts, {11, Iana, U16, Ident, Plain, "destinationTransportPort", "not of ICMP flows"}},
      {Id::kProtocol, kIp, {4, Iana, U8, Ident, Plain, "protocolIdentifier", "IP protocol"}},
      {Id::kPackets, kOfFlows, {2, Iana, U64, Delta, Packets, "packetDeltaCount", "src to dst, as on the wire"}},
      {Id::kBytes, kOfFlows, {1, Iana, U64, Delta, Octets, "octetDeltaCount", "IP bytes, src to dst"}},
      {Id::kReversePackets, kAlways, {2, Reverse, U64, Delta, Packets, "reversePacketDeltaCount", "dst to src"}},
      {Id::kReversePackets, kAlways, {239, Iana, U8, Ident, Plain, "biflowDirection", "1: src is the initiator"}, initiator},
      {Id::kReverseBytes, kAlways, {1, Reverse, U64, Delta, Octets, "reverseOctetDeltaCount", "dst to src"}},
      {Id::kTcpFlags, kTcp, {6, Iana, U16, Flags, Plain, "tcpControlBits", "all that src sent so far; 0 of other protocols"}},
      {Id::kReverseTcpFlags, kTcp, {6, Reverse, U16, Flags, Plain, "reverseTcpControlBits", "all that dst sent so far"}},
      {Id::kIcmpType, kIcmp4, {176, Iana, U8, Ident, Plain, "icmpTypeIPv4", "of the newest message"}},
      {Id::kIcmpType, kIcmp6, {178, Iana, U8, Ident, Plain, "icmpTypeIPv6", "of the newest message"}},
      {Id::kIcmpCode, kIcmp4, {177, Iana, U8, Ident, Plain, "icmpCodeIPv4", "of the newest message"}},
      {Id::kIcmpCode, kIcmp6, {179, Iana, U8, Ident, Plain, "icmpCodeIPv6", "of the newest message"}},
      {Id::kEnded, kSingle, {136, Iana, U8, Ident, Plain, "flowEndReason", "2: it goes on; 3: FIN or RST was seen; 1: silent for long"}, end_reason},
      {Id::kFlowId, kAlways, {148, Iana, U64, Ident, Plain, "flowId", "the same in all records of a flow; one node's"}},
      {Id::kInterface, kAlways, {82, Iana, Text, None, Plain, "interfaceName", "of the point nearest the pod, or where it was dropped"}},
      {Id::kDscp, kAlways, {195, Iana, U8, Ident, Plain, "ipDiffServCodePoint", "differentiated services"}},
      {Id::kDscp, kAlways, {5, Iana, U8, Ident, Plain, "ipClassOfService", "the same, shifted; ECN's bits are 0"}, class_of_service},
      {Id::kVlan, kAlways, {58, Iana, U16, Ident, Plain, "vlanId", "0: none"}, vlan},
      {Id::kVni, kAlways, {351, Iana, U64, Ident, Plain, "layer2SegmentId", "VNI of the tunnel, behind a byte 1 (VXLAN; Geneve's too, as the registry has no number for it); 0: none"}, segment},
      {Id::kTranslatedSrcIp, kNat4, {225, Iana, Ip4, Ident, Plain, "postNATSourceIPv4Address", "where addresses are translated"}},
      {Id::kTranslatedSrcIp, kNat6, {281, Iana, Ip6, Ident, Plain, "postNATSourceIPv6Address", "the same"}},
      {Id::kTranslatedDstIp, kNat4, {226, Iana, Ip4, Ident, Plain, "postNATDestinationIPv4Address", "a service's backend"}},
      {Id::kTranslatedDstIp, kNat6, {282, Iana, Ip6, Ident, Plain, "postNATDestinationIPv6Address", "the same"}},
      {Id::kTranslatedSrcPort, kNat, {227, Iana, U16, Ident, Plain, "postNAPTSourceTransportPort", "where addresses are translated"}},
      {Id::kTranslatedDstPort, kNat, {228, Iana, U16, Ident, Plain, "postNAPTDestinationTransportPort", "the same"}},
      {Id::kDuration, kAlways, {161, Iana, U32, Quantity, Millis, "flowDurationMilliseconds", "from the flow's first packet, or from when the connection was opened"}},
      {Id::kConnections, kAlways, {278, Iana, U32, Delta, Flows, "newConnectionDeltaCount", "1 in the record with the handshake"}},
      {Id::kRecords, kSums, {375, Iana, U64, Delta, Flows, "originalFlowsPresent", "fold=workload: records that a sum is made of"}},
      {Id::kFlows, kSums, {376, Iana, U64, Delta, Flows, "originalFlowsInitiated", "fold=workload: flows that began in them"}},
      {Id::kEnded, kSums, {377, Iana, U64, Delta, Flows, "originalFlowsCompleted", "fold=workload: flows that ended in them"}},
      {Id::kPackets, kOfDrops, {133, Iana, U64, Delta, Packets, "droppedPacketDeltaCount", "packets that were dropped"}},
      {Id::kBytes, kOfDrops, {132, Iana, U64, Delta, Octets, "droppedOctetDeltaCount", "their IP bytes"}},
      {Id::kDropReason, kAlways, {89, Iana, U8, Ident, Plain, "forwardingStatus", "128: dropped"}, dropped},

      {Id::kSrcName, kAlways, {1, Own, Text, None, Plain, "sourceName", "name of whatever src is"}},
      {Id::kDstName, kAlways, {2, Own, Text, None, Plain, "destinationName", "name of whatever dst is"}},
      {Id::kSrcNamespace, kAlways, {3, Own, Text, None, Plain, "sourceNamespace", "Kubernetes namespace of src"}},
      {Id::kDstNamespace, kAlways, {4, Own, Text, None, Plain, "destinationNamespace", "Kubernetes namespace of dst"}},
      {Id::kSrcWorkload, kAlways, {5, Own, Text, None, Plain, "sourceWorkload", "on top of src's owners"}},
      {Id::kDstWorkload, kAlways, {6, Own, Text, None, Plain, "destinationWorkload", "on top of dst's owners"}},
      {Id::kSrcWorkloadKind, kAlways, {7, Own, Text, None, Plain, "sourceWorkloadKind", "Deployment, DaemonSet, Pod, Node, Service, External"}},
      {Id::kDstWorkloadKind, kAlways, {8, Own, Text, None, Plain, "destinationWorkloadKind", "the same of dst"}},
      {Id::kSrcKind, kAlways, {9, Own, Text, None, Plain, "sourceKind", "pod, service, node, external"}},
      {Id::kDstKind, kAlways, {10, Own, Text, None, Plain, "destinationKind", "the same of dst"}},
      {Id::kSrcPod, kAlways, {11, Own, Text, None, Plain, "sourcePod", "src's name where it is a pod"}},
      {Id::kDstPod, kAlways, {12, Own, Text, None, Plain, "destinationPod", "dst's name where it is a pod"}},
      {Id::kSrcNode, kAlways, {13, Own, Text, None, Plain, "sourceNode", "node that src is, or is on"}},
      {Id::kDstNode, kAlways, {14, Own, Text, None, Plain, "destinationNode", "node that dst is, or is on"}},
      {Id::kSrcZone, kAlways, {15, Own, Text, None, Plain, "sourceZone", "that node's zone"}},
      {Id::kDstZone, kAlways, {16, Own, Text, None, Plain, "destinationZone", "that node's zone"}},
      {Id::kSrcLabel, kAlways, {17, Own, Text, None, Plain, "sourceLabel", "key=value; once for each label that was chosen"}},
      {Id::kDstLabel, kAlways, {18, Own, Text, None, Plain, "destinationLabel", "the same of dst"}},
      {Id::kSrcProcess, kAlways, {19, Own, Text, None, Plain, "sourceProcess", "command behind src, where it is on the observer"}},
      {Id::kDstProcess, kAlways, {20, Own, Text, None, Plain, "destinationProcess", "the same of dst"}},
      {Id::kSrcPid, kAlways, {21, Own, U32, Ident, Plain, "sourceProcessId", "its process id"}},
      {Id::kDstPid, kAlways, {22, Own, U32, Ident, Plain, "destinationProcessId", "its process id"}},
      {Id::kService, kAlways, {23, Own, Text, None, Plain, "serviceName", "service that it was sent to"}},
      {Id::kServiceNamespace, kAlways, {24, Own, Text, None, Plain, "serviceNamespace", "the service's namespace"}},
      {Id::kDirection, kAlways, {25, Own, Text, None, Plain, "trafficDirection", "intra-node, inter-node, ingress, egress"}},
      {Id::kVerdict, kAlways, {26, Own, Text, None, Plain, "verdict", "how it stands or ended"}},
      {Id::kRole, kAlways, {27, Own, Text, None, Plain, "interfaceRole", "what the interface is for: pod, bridge, tunnel, uplink"}},
      {Id::kFirstSeen, kOfFlows, {28, Own, Time, None, Plain, "flowFirstSeen", "the flow's first packet, in whichever record"}},
      {Id::kSrcPort, kIcmp, {29, Own, U16, Ident, Plain, "icmpIdentifier", "of ICMP queries"}},
      {Id::kNat, kAlways, {30, Own, U8, Ident, Plain, "addressesTranslated", "1: on the way; 0: not"}},
      {Id::kTotalPackets, kAlways, {31, Own, U64, Delta, Packets, "bidirectionalPacketDeltaCount", "both ways"}},
      {Id::kTotalBytes, kAlways, {32, Own, U64, Delta, Octets, "bidirectionalOctetDeltaCount", "both ways"}},
      {Id::kRetransmits, kAlways, {33, Own, U32, Delta, Packets, "retransmittedSegmentDeltaCount", "segments that src sent again; of a connection: this node's socket"}},
      {Id::kReverseRetransmits, kAlways, {34, Own, U32, Delta, Packets, "reverseRetransmittedSegmentDeltaCount", "segments that dst sent again"}},
      {Id::kResets, kAlways, {35, Own, U32, Delta, Packets, "resetDeltaCount", "resets that src sent"}},
      {Id::kReverseResets, kAlways, {36, Own, U32, Delta, Packets, "reverseResetDeltaCount", "resets that dst sent"}},
      {Id::kOutOfOrder, kAlways, {37, Own, U32, Delta, Packets, "outOfOrderSegmentDeltaCount", "both ways"}},
      {Id::kZeroWindows, kAlways, {38, Own, U32, Delta, Packets, "zeroWindowDeltaCount", "segments that told of a full receiver, both ways"}},
      {Id::kHandshake, kAlways, {39, Own, U32, Quantity, Micro, "handshakeTime", "SYN to the ACK that completes it; in one record of a flow"}},
      {Id::kRtt, kAlways, {40, Own, U32, Quantity, Micro, "roundTripTime", "smoothed; 0: not known"}},
      {Id::kFlows, kSingle, {41, Own, U8, Delta, Flows, "newFlowDeltaCount", "1 in a flow's first record"}},
      {Id::kDropReason, kAlways, {42, Own, Text, None, Plain, "dropReason", "the kernel's name"}},
      {Id::kDropHook, kAlways, {43, Own, Text, None, Plain, "dropHook", "layer: device, netfilter, ip, tcp, qdisc"}},
      {Id::kDropLocation, kAlways, {44, Own, Text, None, Plain, "dropLocation", "symbol and offset of the code that dropped"}},
      {Id::kNetns, kAlways, {45, Own, U64, Ident, Plain, "networkNamespace", "its inode"}},
      {Id::kSide, kAlways, {46, Own, Text, None, Plain, "socketSide", "which side this node's socket is"}},
      {Id::kError, kAlways, {47, Own, Text, None, Plain, "socketError", "errno that ended it"}},
      {Id::kBytesSent, kAlways, {48, Own, U64, Delta, Octets, "socketSentOctetDeltaCount", "payload that this node's socket sent"}},
      {Id::kBytesReceived, kAlways, {49, Own, U64, Delta, Octets, "socketReceivedOctetDeltaCount", "payload that it received"}},
      {Id::kSegmentsSent, kAlways, {50, Own, U64, Delta, Packets, "socketSentSegmentDeltaCount", "segments with data that it sent"}},
      {Id::kConnectTime, kAlways, {51, Own, U32, Quantity, Micro, "connectTime", "how long connecting took"}},
      {Id::kMinRtt, kAlways, {52, Own, U32, Quantity, Micro, "minimumRoundTripTime", "smallest round trip"}},
      {Id::kAlertId, kAlways, {53, Own, Text, None, Plain, "alertId", "the same each time that the alert is told"}},
      {Id::kAlertKind, kAlways, {54, Own, Text, None, Plain, "alertKind", "what was found"}},
      {Id::kAlertSeverity, kAlways, {55, Own, Text, None, Plain, "alertSeverity", "info, low, medium, high, critical"}},
      {Id::kAlertTechnique, kAlways, {56, Own, Text, None, Plain, "alertTechnique", "MITRE ATT&CK"}},
      {Id::kAlertSummary, kAlways, {57, Own, Text, None, Plain, "alertSummary", "one sentence"}},
      {Id::kAlertEvidence, kAlways, {58, Own, Text, None, Plain, "alertEvidence", "what it was found by, as JSON; cut to what a message holds"}},
      {Id::kAlertCount, kAlways, {59, Own, U64, Quantity, Plain, "alertCount", "how often it was met so far"}},
      {Id::kFirstSeen, kOfAlerts, {60, Own, Time, None, Plain, "alertFirstSeen", "when it was first met"}},
      {Id::kLastSeen, kOfAlerts, {61, Own, Time, None, Plain, "alertLastSeen", "when it was last met"}},
  };
}
// clang-format on

Family family_of(const IpAddress& src, const IpAddress& dst) {
  if (src.is_unspecified() && dst.is_unspecified()) return Family::kNone;
  const bool all_v4 =
      (src.is_v4() || src.is_unspecified()) && (dst.is_v4() || dst.is_unspecified());
  return all_v4 ? Family::kV4 : Family::kV6;
}

}  // namespace

std::uint16_t length_of(DataType type) {
  switch (type) {
    case DataType::kUnsigned8:
      return 1;
    case DataType::kUnsigned16:
      return 2;
    case DataType::kUnsigned32:
    case DataType::kIpv4:
      return 4;
    case DataType::kUnsigned64:
    case DataType::kMilliseconds:
    case DataType::kMicroseconds:
      return 8;
    case DataType::kIpv6:
      return 16;
    case DataType::kString:
      break;
  }
  return 0xffff;
}

Shape shape_of(const RecordRef& record) {
  const FlowTuple& tuple = record.record->tuple;
  Shape shape{.kind = record.kind, .family = family_of(tuple.src, tuple.dst)};
  if (record.kind != RecordKind::kFlow) return shape;
  const auto& flow = static_cast<const FlowRecord&>(*record.record);
  shape.sum = flow.folded.records > 0;
  shape.icmp = shape.family != Family::kNone &&
               (tuple.protocol == kProtoIcmp || tuple.protocol == kProtoIcmp6);
  if (flow.nat) shape.translated = family_of(flow.translated.src, flow.translated.dst);
  return shape;
}

std::span<const FieldElement> field_elements(bool microseconds) {
  static const std::vector<FieldElement> kMilliseconds = make_elements(false);
  static const std::vector<FieldElement> kMicroseconds = make_elements(true);
  return microseconds ? kMicroseconds : kMilliseconds;
}

std::vector<const FieldElement*> elements_of(FieldId field, const Shape& shape, bool microseconds) {
  std::vector<const FieldElement*> found;
  for (const FieldElement& each : field_elements(microseconds))
    if (each.field == field && each.when(shape)) found.push_back(&each);
  return found;
}

std::vector<FieldRef> default_fields(RecordKind kind) {
  using enum FieldId;
  std::vector<FieldRef> chosen;
  for (const FieldId id : {kTime,
                           kLastSeen,
                           kFirstSeen,
                           kNode,
                           kSrcIp,
                           kDstIp,
                           kSrcPort,
                           kDstPort,
                           kProtocol,
                           kPackets,
                           kBytes,
                           kReversePackets,
                           kReverseBytes,
                           kTcpFlags,
                           kReverseTcpFlags,
                           kIcmpType,
                           kIcmpCode,
                           kEnded,
                           kFlowId,
                           kInterface,
                           kDscp,
                           kVlan,
                           kVni,
                           kTranslatedSrcIp,
                           kTranslatedDstIp,
                           kTranslatedSrcPort,
                           kTranslatedDstPort,
                           kDropReason,
                           kDropHook,
                           kDropLocation,
                           kSide,
                           kError,
                           kBytesSent,
                           kBytesReceived,
                           kSegmentsSent,
                           kConnectTime,
                           kMinRtt,
                           kAlertId,
                           kAlertKind,
                           kAlertSeverity,
                           kAlertTechnique,
                           kAlertSummary,
                           kAlertCount,
                           kSrcKind,
                           kDstKind,
                           kSrcNamespace,
                           kDstNamespace,
                           kSrcWorkload,
                           kDstWorkload,
                           kSrcName,
                           kDstName,
                           kService,
                           kServiceNamespace,
                           kSrcProcess,
                           kDstProcess,
                           kDirection,
                           kVerdict,
                           kRetransmits,
                           kReverseRetransmits,
                           kRtt,
                           kHandshake})
    if (field(id).of(kind)) chosen.push_back({id, {}});
  return chosen;
}

}  // namespace netprobe::ipfix
