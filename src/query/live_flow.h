// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "model/history.h"

namespace netprobe::parts {

/// What records and live flows have by other names: one set of functions over
/// both, for getters.

inline const Observation* nearest_point(const Flow& flow) {
  const Observation* best = nullptr;
  for (const Observation& point : flow.observations)
    if (best == nullptr || point.role < best->role) best = &point;
  return best;
}

inline Micros time_of(const RecordBase& record) { return record.time; }
inline Micros time_of(const Flow& flow) { return to_micros(flow.first_seen); }
inline const Identity* src_of(const RecordBase& record) { return record.src.get(); }
inline const Identity* src_of(const Flow& flow) { return flow.src_identity.get(); }
inline const Identity* dst_of(const RecordBase& record) { return record.dst.get(); }
inline const Identity* dst_of(const Flow& flow) { return flow.dst_identity.get(); }
inline const ProcessRef* src_process(const RecordBase& record) { return record.src_process.get(); }
inline const ProcessRef* src_process(const Flow& flow) { return flow.client_process.get(); }
inline const ProcessRef* dst_process(const RecordBase& record) { return record.dst_process.get(); }
inline const ProcessRef* dst_process(const Flow& flow) { return flow.server_process.get(); }
inline std::string_view interface_of(const RecordBase& record) { return record.interface; }
inline std::string_view interface_of(const Flow& flow) {
  const Observation* point = nearest_point(flow);
  return point != nullptr ? std::string_view(point->interface) : std::string_view();
}

inline TcpTrouble trouble_of(const TcpSide& side) {
  return {.retransmits = side.retransmits,
          .out_of_order = side.out_of_order,
          .zero_windows = side.zero_windows,
          .resets = side.rsts};
}
inline const TcpTrouble& client_trouble(const FlowRecord& record) { return record.client_trouble; }
inline TcpTrouble client_trouble(const Flow& flow) { return trouble_of(flow.tcp_forward); }
inline const TcpTrouble& server_trouble(const FlowRecord& record) { return record.server_trouble; }
inline TcpTrouble server_trouble(const Flow& flow) { return trouble_of(flow.tcp_reverse); }
inline std::uint64_t id_of(const FlowRecord& record) { return record.flow_id; }
inline std::uint64_t id_of(const Flow& flow) { return flow.id; }
inline std::uint8_t flags_of(const FlowRecord& record) { return record.tcp_flags; }
inline std::uint8_t flags_of(const Flow& flow) { return flow.tcp_forward.flags; }
inline std::uint8_t reverse_flags_of(const FlowRecord& record) { return record.reverse_tcp_flags; }
inline std::uint8_t reverse_flags_of(const Flow& flow) { return flow.tcp_reverse.flags; }
inline Role role_of(const FlowRecord& record) { return record.role; }
inline Role role_of(const Flow& flow) {
  const Observation* point = nearest_point(flow);
  return point != nullptr ? point->role : Role::kHost;
}
inline Micros handshake_of(const FlowRecord& record) { return record.handshake; }
inline Micros handshake_of(const Flow& flow) {
  // Less than a microsecond is one: 0 means that none was seen.
  return flow.handshake_rtt > 0 ? std::max<Micros>(1, to_micros(flow.handshake_rtt)) : 0;
}
inline Micros rtt_of(const FlowRecord& record) { return record.rtt; }
inline Micros rtt_of(const Flow& flow) { return to_micros(flow.rtt); }
inline bool is_sum(const FlowRecord& record) { return record.folded.records > 0; }
inline std::uint64_t records_of(const FlowRecord& record) {
  return is_sum(record) ? record.folded.records : 1;
}
inline std::uint64_t records_of(const Flow& /*flow*/) { return 1; }
inline std::uint64_t flows_of(const FlowRecord& record) {
  return is_sum(record) ? record.folded.flows : static_cast<std::uint64_t>(record.began);
}
inline std::uint64_t flows_of(const Flow& /*flow*/) { return 1; }
inline std::uint64_t connections_of(const FlowRecord& record) {
  return is_sum(record) ? record.folded.connections
                        : static_cast<std::uint64_t>(record.handshake > 0);
}
inline std::uint64_t connections_of(const Flow& flow) {
  return static_cast<std::uint64_t>(handshake_of(flow) > 0);
}
inline std::uint64_t ended_of(const FlowRecord& record) {
  return is_sum(record) ? record.folded.ended : static_cast<std::uint64_t>(record.ended);
}
inline std::uint64_t ended_of(const Flow& flow) { return static_cast<std::uint64_t>(flow.ended); }
template <typename Any>
Micros first_seen(const Any& any) {
  return any.first_seen;
}
inline Micros first_seen(const Flow& flow) { return to_micros(flow.first_seen); }
template <typename Any>
Micros last_seen(const Any& any) {
  return any.last_seen;
}
inline Micros last_seen(const Flow& flow) { return to_micros(flow.last_seen); }

}  // namespace netprobe::parts
