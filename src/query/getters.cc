// SPDX-License-Identifier: Apache-2.0
#include "query/getters.h"

#include <type_traits>

#include "query/live_flow.h"
#include "query/lower.h"
#include "query/record.h"

namespace netprobe {
namespace {

using namespace parts;  // NOLINT: what all kinds of sources have

template <typename R>
constexpr bool kFlowLike = std::is_same_v<R, FlowRecord> || std::is_same_v<R, Flow>;

bool has_icmp(const FlowTuple& tuple) {
  return tuple.protocol == kProtoIcmp || tuple.protocol == kProtoIcmp6;
}

/// A field's function as a plain pointer.
template <typename R, auto Read>
auto read(const Row& row) -> decltype(Read(std::declval<const R&>())) {
  return Read(*static_cast<const R*>(row.data));
}
#define NETPROBE_NUMBER(expression) \
  return read<R, [](const R& r) -> std::uint64_t { return expression; }>
#define NETPROBE_TEXT(expression) \
  return read<R, [](const R& r) -> std::string_view { return expression; }>

template <typename R>
NumberGetter flow_number(FieldId id) {
  switch (id) {
    case FieldId::kVni:
      NETPROBE_NUMBER(r.vni);
    case FieldId::kVlan:
      NETPROBE_NUMBER(r.vlan);
    case FieldId::kDscp:
      NETPROBE_NUMBER(r.dscp);
    case FieldId::kIcmpType:
      NETPROBE_NUMBER(has_icmp(r.tuple) ? r.icmp >> 8U : field(FieldId::kIcmpType).none);
    case FieldId::kIcmpCode:
      NETPROBE_NUMBER(has_icmp(r.tuple) ? r.icmp & 0xffU : field(FieldId::kIcmpCode).none);
    case FieldId::kTcpFlags:
      NETPROBE_NUMBER(flags_of(r));
    case FieldId::kReverseTcpFlags:
      NETPROBE_NUMBER(reverse_flags_of(r));
    case FieldId::kNat:
      NETPROBE_NUMBER(r.nat ? 1 : 0);
    case FieldId::kTranslatedSrcPort:
      NETPROBE_NUMBER(r.translated.src_port);
    case FieldId::kTranslatedDstPort:
      NETPROBE_NUMBER(r.translated.dst_port);
    case FieldId::kFlowId:
      NETPROBE_NUMBER(id_of(r));
    case FieldId::kPackets:
      NETPROBE_NUMBER(r.forward.packets);
    case FieldId::kBytes:
      NETPROBE_NUMBER(r.forward.bytes);
    case FieldId::kReversePackets:
      NETPROBE_NUMBER(r.reverse.packets);
    case FieldId::kReverseBytes:
      NETPROBE_NUMBER(r.reverse.bytes);
    case FieldId::kTotalPackets:
      NETPROBE_NUMBER(r.forward.packets + r.reverse.packets);
    case FieldId::kTotalBytes:
      NETPROBE_NUMBER(r.forward.bytes + r.reverse.bytes);
    case FieldId::kRetransmits:
      NETPROBE_NUMBER(client_trouble(r).retransmits);
    case FieldId::kReverseRetransmits:
      NETPROBE_NUMBER(server_trouble(r).retransmits);
    case FieldId::kResets:
      NETPROBE_NUMBER(client_trouble(r).resets);
    case FieldId::kReverseResets:
      NETPROBE_NUMBER(server_trouble(r).resets);
    case FieldId::kOutOfOrder:
      NETPROBE_NUMBER(client_trouble(r).out_of_order + server_trouble(r).out_of_order);
    case FieldId::kZeroWindows:
      NETPROBE_NUMBER(client_trouble(r).zero_windows + server_trouble(r).zero_windows);
    case FieldId::kHandshake:
      NETPROBE_NUMBER(biased(handshake_of(r)));
    case FieldId::kRtt:
      NETPROBE_NUMBER(biased(rtt_of(r)));
    case FieldId::kFlows:
      NETPROBE_NUMBER(flows_of(r));
    case FieldId::kConnections:
      NETPROBE_NUMBER(connections_of(r));
    case FieldId::kEnded:
      NETPROBE_NUMBER(ended_of(r));
    case FieldId::kRecords:
      NETPROBE_NUMBER(records_of(r));
    default:
      return nullptr;
  }
}

template <typename R>
NumberGetter drop_number(FieldId id) {
  switch (id) {
    case FieldId::kPackets:
      NETPROBE_NUMBER(r.packets);
    case FieldId::kBytes:
      NETPROBE_NUMBER(r.bytes);
    case FieldId::kNetns:
      NETPROBE_NUMBER(r.netns);
    default:
      return nullptr;
  }
}

template <typename R>
NumberGetter connection_number(FieldId id) {
  switch (id) {
    case FieldId::kNetns:
      NETPROBE_NUMBER(r.netns);
    case FieldId::kBytesSent:
      NETPROBE_NUMBER(r.bytes_sent);
    case FieldId::kBytesReceived:
      NETPROBE_NUMBER(r.bytes_received);
    case FieldId::kRetransmits:
      NETPROBE_NUMBER(r.retransmits);
    case FieldId::kSegmentsSent:
      NETPROBE_NUMBER(r.segments_sent);
    case FieldId::kConnectTime:
      NETPROBE_NUMBER(biased(r.connect_time));
    case FieldId::kRtt:
      NETPROBE_NUMBER(biased(r.rtt));
    case FieldId::kMinRtt:
      NETPROBE_NUMBER(biased(r.min_rtt));
    case FieldId::kConnectionId:
      NETPROBE_NUMBER(r.id);
    case FieldId::kDuration:
      NETPROBE_NUMBER(biased(r.time - r.first_seen));
    default:
      return nullptr;
  }
}

template <typename R>
NumberGetter number_of(FieldId id) {
  switch (id) {
    case FieldId::kTime:
      NETPROBE_NUMBER(biased(time_of(r)));
    case FieldId::kSrcPort:
      NETPROBE_NUMBER(r.tuple.src_port);
    case FieldId::kDstPort:
      NETPROBE_NUMBER(r.tuple.dst_port);
    case FieldId::kProtocol:
      NETPROBE_NUMBER(r.tuple.protocol);
    case FieldId::kSrcPid:
      NETPROBE_NUMBER(src_process(r) != nullptr ? src_process(r)->pid : 0);
    case FieldId::kDstPid:
      NETPROBE_NUMBER(dst_process(r) != nullptr ? dst_process(r)->pid : 0);
    default:
      break;
  }
  if constexpr (requires(const R& r) { r.first_seen; }) {
    if (id == FieldId::kFirstSeen) NETPROBE_NUMBER(biased(first_seen(r)));
  }
  if constexpr (requires(const R& r) { r.last_seen; }) {
    if (id == FieldId::kLastSeen) NETPROBE_NUMBER(biased(last_seen(r)));
    if (id == FieldId::kDuration) NETPROBE_NUMBER(biased(last_seen(r) - first_seen(r)));
  }
  if constexpr (kFlowLike<R>) return flow_number<R>(id);
  if constexpr (std::is_same_v<R, DropEvent>) return drop_number<R>(id);
  if constexpr (std::is_same_v<R, ConnectionEvent>) return connection_number<R>(id);
  if constexpr (std::is_same_v<R, AlertEvent>)
    if (id == FieldId::kAlertCount) NETPROBE_NUMBER(r.count);
  return nullptr;
}

std::string_view kind_of(const Identity* identity) {
  return identity != nullptr ? to_string(identity->kind) : std::string_view();
}
template <typename Any>
std::string_view name_of(const Any* any) {
  return any != nullptr ? std::string_view(any->name) : std::string_view();
}
template <typename Any>
std::string_view namespace_of(const Any* any) {
  return any != nullptr ? std::string_view(any->name_space) : std::string_view();
}
std::string_view pod_of(const Identity* identity) {
  return identity != nullptr && identity->kind == IdentityKind::kPod
             ? std::string_view(identity->name)
             : std::string_view();
}
std::string_view zone_of(const Identity* identity) {
  return identity != nullptr ? std::string_view(identity->zone) : std::string_view();
}
std::string_view command_of(const ProcessRef* process) {
  return process != nullptr ? std::string_view(process->comm) : std::string_view();
}

template <typename R>
TextGetter kind_text(FieldId id) {
  if constexpr (kFlowLike<R>)
    if (id == FieldId::kRole) NETPROBE_TEXT(to_string(role_of(r)));
  if constexpr (std::is_same_v<R, DropEvent>) {
    if (id == FieldId::kDropReason) NETPROBE_TEXT(r.reason);
    if (id == FieldId::kDropHook) NETPROBE_TEXT(r.hook);
    if (id == FieldId::kDropLocation) NETPROBE_TEXT(r.location);
  }
  if constexpr (std::is_same_v<R, ConnectionEvent>) {
    if (id == FieldId::kSide) NETPROBE_TEXT(r.side);
    if (id == FieldId::kError) NETPROBE_TEXT(r.error);
  }
  if constexpr (std::is_same_v<R, AlertEvent>) {
    if (id == FieldId::kAlertId) NETPROBE_TEXT(r.id);
    if (id == FieldId::kAlertKind) NETPROBE_TEXT(r.kind);
    if (id == FieldId::kAlertSeverity) NETPROBE_TEXT(r.severity);
    if (id == FieldId::kAlertTechnique) NETPROBE_TEXT(r.technique);
    if (id == FieldId::kAlertSummary) NETPROBE_TEXT(r.summary);
    if (id == FieldId::kAlertEvidence) NETPROBE_TEXT(r.evidence);
  }
  return nullptr;
}

template <typename R>
std::string_view reporter_of(const Row& row) {
  const R& r = *static_cast<const R*>(row.data);
  if (row.node.empty()) return "other";
  if (row.node == end_names(src_of(r)).node) return "src";
  return row.node == end_names(dst_of(r)).node ? "dst" : "other";
}

template <typename R>
TextGetter text_of(FieldId id) {
  switch (id) {
    case FieldId::kReporter:
      return reporter_of<R>;
    case FieldId::kNode:
      return [](const Row& row) { return row.node; };
    case FieldId::kSrcKind:
      NETPROBE_TEXT(kind_of(src_of(r)));
    case FieldId::kDstKind:
      NETPROBE_TEXT(kind_of(dst_of(r)));
    case FieldId::kSrcName:
      NETPROBE_TEXT(name_of(src_of(r)));
    case FieldId::kDstName:
      NETPROBE_TEXT(name_of(dst_of(r)));
    case FieldId::kSrcPod:
      NETPROBE_TEXT(pod_of(src_of(r)));
    case FieldId::kDstPod:
      NETPROBE_TEXT(pod_of(dst_of(r)));
    case FieldId::kSrcNamespace:
      NETPROBE_TEXT(namespace_of(src_of(r)));
    case FieldId::kDstNamespace:
      NETPROBE_TEXT(namespace_of(dst_of(r)));
    case FieldId::kSrcWorkload:
      NETPROBE_TEXT(end_names(src_of(r)).workload);
    case FieldId::kDstWorkload:
      NETPROBE_TEXT(end_names(dst_of(r)).workload);
    case FieldId::kSrcWorkloadKind:
      NETPROBE_TEXT(end_names(src_of(r)).workload_kind);
    case FieldId::kDstWorkloadKind:
      NETPROBE_TEXT(end_names(dst_of(r)).workload_kind);
    case FieldId::kSrcNode:
      NETPROBE_TEXT(end_names(src_of(r)).node);
    case FieldId::kDstNode:
      NETPROBE_TEXT(end_names(dst_of(r)).node);
    case FieldId::kSrcZone:
      NETPROBE_TEXT(zone_of(src_of(r)));
    case FieldId::kDstZone:
      NETPROBE_TEXT(zone_of(dst_of(r)));
    case FieldId::kSrcProcess:
      NETPROBE_TEXT(command_of(src_process(r)));
    case FieldId::kDstProcess:
      NETPROBE_TEXT(command_of(dst_process(r)));
    case FieldId::kService:
      NETPROBE_TEXT(name_of(r.service.get()));
    case FieldId::kServiceNamespace:
      NETPROBE_TEXT(namespace_of(r.service.get()));
    case FieldId::kDirection:
      NETPROBE_TEXT(r.direction);
    case FieldId::kVerdict:
      NETPROBE_TEXT(r.verdict);
    case FieldId::kInterface:
      NETPROBE_TEXT(interface_of(r));
    default:
      return kind_text<R>(id);
  }
}

#undef NETPROBE_NUMBER
#undef NETPROBE_TEXT

template <typename R>
AddressGetter address_of(FieldId id) {
  using Read = const IpAddress&;
  switch (id) {
    case FieldId::kSrcIp:
      return read<R, [](const R& r) -> Read { return r.tuple.src; }>;
    case FieldId::kDstIp:
      return read<R, [](const R& r) -> Read { return r.tuple.dst; }>;
    default:
      break;
  }
  if constexpr (kFlowLike<R>) {
    if (id == FieldId::kTranslatedSrcIp)
      return read<R, [](const R& r) -> Read { return r.translated.src; }>;
    if (id == FieldId::kTranslatedDstIp)
      return read<R, [](const R& r) -> Read { return r.translated.dst; }>;
  }
  return nullptr;
}

template <typename R>
Getter getter_of(FieldId id) {
  Getter getter;
  if (id == FieldId::kSrcLabel) getter.identity = read<R, [](const R& r) { return src_of(r); }>;
  if (id == FieldId::kDstLabel) getter.identity = read<R, [](const R& r) { return dst_of(r); }>;
  if (getter.identity != nullptr) return getter;
  switch (class_of(field(id).type)) {
    case ValueClass::kSigned:
      getter.number = number_of<R>(id);
      if (getter.number == nullptr) getter.number = [](const Row&) { return biased(0); };
      break;
    case ValueClass::kUnsigned:
      getter.number = number_of<R>(id);
      if (getter.number == nullptr) getter.number = [](const Row&) { return std::uint64_t{0}; };
      break;
    case ValueClass::kAddress:
      getter.address = address_of<R>(id);
      if (getter.address == nullptr)
        getter.address = [](const Row&) -> const IpAddress& {
          static const IpAddress kNone;
          return kNone;
        };
      break;
    case ValueClass::kText:
      getter.text = text_of<R>(id);
      if (getter.text == nullptr) getter.text = [](const Row&) { return std::string_view(); };
      break;
  }
  return getter;
}

}  // namespace

RecordSource source_of(RecordKind kind) { return static_cast<RecordSource>(kind); }

Row row_of(const RecordRef& record) {
  switch (record.kind) {
    case RecordKind::kFlow:
      return {static_cast<const FlowRecord*>(record.record), record.node};
    case RecordKind::kDrop:
      return {static_cast<const DropEvent*>(record.record), record.node};
    case RecordKind::kConnection:
      return {static_cast<const ConnectionEvent*>(record.record), record.node};
    case RecordKind::kAlert:
      return {static_cast<const AlertEvent*>(record.record), record.node};
  }
  return {};
}

Getter getter_for(FieldId id, RecordSource source) {
  switch (source) {
    case RecordSource::kFlow:
      return getter_of<FlowRecord>(id);
    case RecordSource::kDrop:
      return getter_of<DropEvent>(id);
    case RecordSource::kConnection:
      return getter_of<ConnectionEvent>(id);
    case RecordSource::kAlert:
      return getter_of<AlertEvent>(id);
    case RecordSource::kLive:
      return getter_of<Flow>(id);
  }
  return {};
}

}  // namespace netprobe
