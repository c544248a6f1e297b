// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/history.h"

namespace netprobe {

/// What a field's values are; it decides which comparisons it takes, how a
/// literal is read, and how a value is written.
enum class FieldType : std::uint8_t {
  kTime,      ///< wall, Micros
  kDuration,  ///< Micros; none: 0
  kCount,     ///< 64 bits, can be summed up
  kNumber,    ///< an identifier that is not summed up: port, VNI; none: Field::none
  kProtocol,  ///< a number that has a name
  kFlags,     ///< TCP flags: "syn", "syn+ack"; = is exactly these, ~ has them
  kAddress,   ///< compared with an address, a prefix, or a range; none: "::"
  kText,      ///< none: empty
  kWord,      ///< one of Field::words; none: empty
  kLabel,     ///< text by key; none: empty, the object has no such label
  kBool,
};

/// Every field of every kind of record, once. Bare names ("ip") are no fields:
/// the parser turns them into either side's.
enum class FieldId : std::uint8_t {
  kTime,
  kNode,  // of the observer
  kSrcIp,
  kDstIp,
  kSrcPort,
  kDstPort,
  kProtocol,
  kSrcKind,  // pod, service, node, external
  kDstKind,
  kSrcName,  // of whatever it is
  kDstName,
  kSrcPod,  // the name where the kind is pod
  kDstPod,
  kSrcNamespace,
  kDstNamespace,
  kSrcWorkload,
  kDstWorkload,
  kSrcWorkloadKind,
  kDstWorkloadKind,
  kSrcNode,
  kDstNode,
  kSrcZone,
  kDstZone,
  kSrcLabel,
  kDstLabel,
  kSrcProcess,
  kDstProcess,
  kSrcPid,
  kDstPid,
  kService,
  kServiceNamespace,
  kDirection,
  kVerdict,
  kInterface,
  kReporter,  // whose record it is: of the node of src, of dst, or of another
  // Of flows; some of connections, drops and alerts too.
  kRole,
  kVni,
  kVlan,
  kDscp,
  kIcmpType,
  kIcmpCode,
  kTcpFlags,
  kReverseTcpFlags,
  kNat,
  kTranslatedSrcIp,
  kTranslatedDstIp,
  kTranslatedSrcPort,
  kTranslatedDstPort,
  kFlowId,
  kFirstSeen,
  kLastSeen,
  kDuration,  // last_seen - first_seen; of a connection: time - first_seen
  kPackets,
  kBytes,
  kReversePackets,
  kReverseBytes,
  kTotalPackets,  // both ways
  kTotalBytes,
  kRetransmits,
  kReverseRetransmits,
  kResets,
  kReverseResets,
  kOutOfOrder,  // both ways
  kZeroWindows,
  kHandshake,
  kRtt,
  kFlows,        // 1 in a flow's first record
  kConnections,  // 1 in the record with the handshake
  kEnded,
  kRecords,  // 1, but of sums of records that an export made
  // Of drops.
  kDropReason,
  kDropHook,
  kDropLocation,
  kNetns,
  // Of connections.
  kSide,
  kError,
  kBytesSent,
  kBytesReceived,
  kSegmentsSent,
  kConnectTime,
  kMinRtt,
  kConnectionId,  // socket cookie
  // Of alerts.
  kAlertId,
  kAlertKind,
  kAlertSeverity,
  kAlertTechnique,
  kAlertSummary,
  kAlertEvidence,
  kAlertCount,
  kCount_,
};

struct Field {
  FieldId id{};
  std::string_view name;  ///< canonical: "src.namespace"
  FieldType type{};
  std::uint8_t kinds = 0;                   ///< bit per RecordKind that has it
  bool in_rollup = false;                   ///< flows_1m and flows_1h have it as well
  std::uint64_t none = 0;                   ///< of numbers: what stands for "not known"
  std::span<const std::string_view> words;  ///< of kWord
  std::string_view help;                    ///< one line

  [[nodiscard]] bool of(RecordKind kind) const {
    return (kinds & (1U << static_cast<unsigned>(kind))) != 0;
  }
};

/// A field as a query names it.
struct FieldRef {
  FieldId id{};
  std::string label;  ///< of kSrcLabel and kDstLabel: the key
  bool operator==(const FieldRef&) const = default;
};

/// In the order of FieldId.
[[nodiscard]] std::span<const Field> fields();
[[nodiscard]] const Field& field(FieldId id);
/// "src.namespace", "src.label.app".
[[nodiscard]] std::string field_name(const FieldRef& ref);

}  // namespace netprobe
