// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/table.h"
#include "model/flow.h"

namespace netprobe {

/// How flows are printed: -o.
enum class FlowFormat : std::uint8_t { kTable, kWide, kJson };
/// "table", "wide", "json".
[[nodiscard]] Result<FlowFormat> parse_flow_format(std::string_view text);

/// What the tables show of a flow, be it from an agent's JSON or from replay.
struct FlowView {
  std::string source;  ///< address and port, as one types them
  std::string destination;
  std::string protocol;
  std::string direction;
  std::string first_seen;  ///< RFC 3339
  std::string last_seen;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t reverse_packets = 0;
  std::uint64_t reverse_bytes = 0;
  double packets_per_second = 0;
  double bytes_per_second = 0;
  std::string flags;  ///< TCP flags "SA/SAF", or an ICMP type and code
  std::uint64_t retransmits = 0;
  double handshake_ms = 0;
  std::string verdict;
  std::string processes;      ///< "curl/812 > nginx/33"; '-' for one that is not known
  std::string encapsulation;  ///< "vxlan 7", "vlan 12", "mpls 16"; empty without
  std::string points;         ///< interfaces, nearest the pod edge first
  std::string last_point;     ///< of those
  std::string lost;           ///< packets, where and why; empty without

  std::string named_source;  ///< instead of `source`; empty where nobody is known
  std::string named_destination;

  /// What is known of the ends: "namespace/name", or empty. Before
  /// add_translation(). Ports are as they stand behind an address (":80"), the
  /// other's where the destination is translated, else empty.
  struct Names {
    std::string source;
    std::string destination;
    std::string service;
    std::string source_port;
    std::string destination_port;
    std::string other_destination_port;
    bool translated = false;
  };
  void set_names(const Names& names);
  /// Shows names where they are known.
  void use_names();
  /// Endpoints that the other side sees otherwise: "10.96.0.1:80 (10.0.0.20:8080)".
  void add_translation(const std::string& other_source, const std::string& other_destination) {
    if (other_source != source) source += " (" + other_source + ")";
    if (other_destination != destination) destination += " (" + other_destination + ")";
  }
  /// Both directions of one interface are two points, shown as one.
  void add_point(std::string_view interface) {
    if (interface == last_point) return;
    if (!points.empty()) points += ',';
    points += interface;
    last_point = interface;
  }
};

/// "curl/812"; "nginx/812?" for who only has the socket that listens.
[[nodiscard]] std::string process_text(std::string_view comm, std::uint64_t pid,
                                       std::string_view known_by);
/// Both sides' as FlowView::processes; empty where neither is known.
[[nodiscard]] std::string processes_text(const std::string& client, const std::string& server);

[[nodiscard]] FlowView view_of(const Flow& flow);
/// From one JSON object as src/model/flow_json.cc writes it.
[[nodiscard]] Result<FlowView> parse_flow(std::string_view json);

/// Where flows stand in a table. With `rates`, what moves now rather than when.
[[nodiscard]] std::vector<TextColumn> flow_columns(FlowFormat format, bool rates);
[[nodiscard]] Row flow_row(const FlowView& flow, FlowFormat format, bool rates);

}  // namespace netprobe
