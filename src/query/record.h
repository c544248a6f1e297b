// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "model/history.h"
#include "query/schema.h"

namespace netprobe {

/// Who an end is, as columns have it. Views into the identity.
struct EndNames {
  std::string_view kind;  ///< "pod", …; empty: nobody is known
  std::string_view name;
  std::string_view name_space;
  std::string_view workload;  ///< of nodes, services and networks their own name
  std::string_view workload_kind;
  std::string_view node;
  std::string_view zone;
};
/// Null: all empty.
[[nodiscard]] EndNames end_names(const Identity* identity);

/// Labels as one text: "\x1f" before and behind each "key=value", in the order of
/// keys; empty without labels. What would be mistaken for a separator is left out.
[[nodiscard]] std::string labels_text(const Identity* identity);
/// Labels of such a text.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> labels_of(std::string_view text);
/// The value of a label in such a text; empty where it is not there.
[[nodiscard]] std::string_view label_in(std::string_view labels, std::string_view key);

/// Takes the values of one row, in the order of table_columns(); writers of
/// engines implement it without virtual calls.
template <typename Row>
concept RowWriter =
    requires(Row row, std::uint64_t number, std::int64_t signed_number, std::string_view text,
             const IpAddress& address, const Identity* identity) {
      row.unsigned_(number);       // kU8 … kU64
      row.signed_(signed_number);  // kI64
      row.text(text);              // kText, kWord
      row.address(address);
      row.labels(identity);  // labels_text() of it, which the writer may remember
    };

template <RowWriter Row>
void write_base(Row& row, const RecordBase& record, std::string_view node) {
  const EndNames src = end_names(record.src.get());
  const EndNames dst = end_names(record.dst.get());
  row.signed_(record.time);
  row.text(node);
  row.address(record.tuple.src);
  row.address(record.tuple.dst);
  row.unsigned_(record.tuple.src_port);
  row.unsigned_(record.tuple.dst_port);
  row.unsigned_(record.tuple.protocol);
  row.text(src.kind);
  row.text(dst.kind);
  row.text(src.name);
  row.text(dst.name);
  row.text(src.name_space);
  row.text(dst.name_space);
  row.text(src.workload);
  row.text(dst.workload);
  row.text(src.workload_kind);
  row.text(dst.workload_kind);
  row.text(src.node);
  row.text(dst.node);
  row.text(src.zone);
  row.text(dst.zone);
  row.labels(record.src.get());
  row.labels(record.dst.get());
  row.text(record.src_process ? std::string_view(record.src_process->comm) : std::string_view());
  row.text(record.dst_process ? std::string_view(record.dst_process->comm) : std::string_view());
  row.unsigned_(record.src_process ? record.src_process->pid : 0);
  row.unsigned_(record.dst_process ? record.dst_process->pid : 0);
  row.text(record.service ? std::string_view(record.service->name) : std::string_view());
  row.text(record.service ? std::string_view(record.service->name_space) : std::string_view());
  row.text(record.direction);
  row.text(record.verdict);
  row.text(record.interface);
}

template <RowWriter Row>
void write_record(Row& row, const FlowRecord& record, std::string_view node) {
  write_base(row, record, node);
  row.text(to_string(record.role));
  row.unsigned_(record.vni);
  row.unsigned_(record.vlan);
  row.unsigned_(record.dscp);
  row.unsigned_(record.icmp);
  row.unsigned_(record.tcp_flags);
  row.unsigned_(record.reverse_tcp_flags);
  row.unsigned_(record.nat ? 1 : 0);
  row.address(record.translated.src);
  row.address(record.translated.dst);
  row.unsigned_(record.translated.src_port);
  row.unsigned_(record.translated.dst_port);
  row.unsigned_(record.flow_id);
  row.signed_(record.first_seen);
  row.signed_(record.last_seen);
  row.unsigned_(record.forward.packets);
  row.unsigned_(record.forward.bytes);
  row.unsigned_(record.reverse.packets);
  row.unsigned_(record.reverse.bytes);
  row.unsigned_(record.client_trouble.retransmits);
  row.unsigned_(record.server_trouble.retransmits);
  row.unsigned_(record.client_trouble.resets);
  row.unsigned_(record.server_trouble.resets);
  row.unsigned_(record.client_trouble.out_of_order + record.server_trouble.out_of_order);
  row.unsigned_(record.client_trouble.zero_windows + record.server_trouble.zero_windows);
  row.signed_(record.handshake);
  row.signed_(record.rtt);
  row.unsigned_(record.began ? 1 : 0);
  row.unsigned_(record.handshake > 0 ? 1 : 0);
  row.unsigned_(record.ended ? 1 : 0);
}

template <RowWriter Row>
void write_record(Row& row, const DropEvent& record, std::string_view node) {
  write_base(row, record, node);
  row.text(record.reason);
  row.text(record.hook);
  row.text(record.location);
  row.unsigned_(record.netns);
  row.unsigned_(record.packets);
  row.unsigned_(record.bytes);
}

template <RowWriter Row>
void write_record(Row& row, const ConnectionEvent& record, std::string_view node) {
  write_base(row, record, node);
  row.unsigned_(record.id);
  row.signed_(record.first_seen);
  row.unsigned_(record.netns);
  row.text(record.side);
  row.text(record.error);
  row.unsigned_(record.bytes_sent);
  row.unsigned_(record.bytes_received);
  row.unsigned_(record.retransmits);
  row.unsigned_(record.segments_sent);
  row.signed_(record.connect_time);
  row.signed_(record.rtt);
  row.signed_(record.min_rtt);
}

template <RowWriter Row>
void write_record(Row& row, const AlertEvent& record, std::string_view node) {
  write_base(row, record, node);
  row.text(record.id);
  row.text(record.kind);
  row.text(record.severity);
  row.text(record.technique);
  row.text(record.summary);
  row.text(record.evidence);
  row.unsigned_(record.count);
  row.signed_(record.first_seen);
  row.signed_(record.last_seen);
}

}  // namespace netprobe
