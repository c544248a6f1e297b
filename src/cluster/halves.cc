// SPDX-License-Identifier: Apache-2.0
#include "cluster/halves.h"

#include <algorithm>
#include <cstdlib>

#include "base/duration.h"
#include "base/json_writer.h"
#include "cluster/page_parts.h"

namespace netprobe {
namespace {

/// Clocks of nodes differ, by more than is known of them.
constexpr Nanos kClockSlack = 2 * kSecond;
/// A flow whose last packet is older moves no more, so that both halves are all of it.
constexpr Nanos kQuiet = 5 * kSecond;

std::optional<FlowTuple> tuple_in(simdjson::dom::object object, std::uint8_t protocol) {
  const auto src = IpAddress::parse(std::string(text_in(object, "src_ip")));
  const auto dst = IpAddress::parse(std::string(text_in(object, "dst_ip")));
  const std::uint64_t src_port = number_in(object, "src_port");
  const std::uint64_t dst_port = number_in(object, "dst_port");
  if (!src || !dst || src_port > UINT16_MAX || dst_port > UINT16_MAX) return std::nullopt;
  return FlowTuple{.src = *src,
                   .dst = *dst,
                   .src_port = static_cast<std::uint16_t>(src_port),
                   .dst_port = static_cast<std::uint16_t>(dst_port),
                   .protocol = protocol};
}

Nanos time_in(simdjson::dom::object object, std::string_view key) {
  return parse_time(text_in(object, key), 0).value_or(0);
}

Nanos millis_in(simdjson::dom::object object, std::string_view key) {
  const double millis = real_in(object, key);
  return millis > 0 && millis < 1e9 ? static_cast<Nanos>(millis * 1e6) : 0;
}

/// What a tuple looks like, whoever began.
std::string look_of(const FlowTuple& tuple) {
  std::string a = tuple.src.to_string() + "|" + std::to_string(tuple.src_port);
  std::string b = tuple.dst.to_string() + "|" + std::to_string(tuple.dst_port);
  if (b < a) a.swap(b);
  return std::to_string(tuple.protocol) + "|" + a + "|" + b;
}

bool same_way(const FlowTuple& a, const FlowTuple& b) {
  return a.src == b.src && a.src_port == b.src_port && a.dst == b.dst && a.dst_port == b.dst_port;
}

/// Whether both have the same side for the one that began it.
bool same_way(const FlowHalf& a, const FlowHalf& b) {
  return same_way(a.tuple, b.tuple) || (a.translated && same_way(*a.translated, b.tuple)) ||
         (b.translated && same_way(a.tuple, *b.translated)) ||
         (a.translated && b.translated && same_way(*a.translated, *b.translated));
}

/// How long both were there; below 0: never together.
Nanos together(const FlowHalf& a, const FlowHalf& b) {
  return std::min(a.last_seen, b.last_seen) - std::max(a.first_seen, b.first_seen);
}

void append_side(std::string& out, const FlowHalf& half) {
  JsonObject json(out);
  json.text("node", half.node);
  json.number("packets", half.forward.packets);
  json.number("bytes", half.forward.bytes);
  json.number("reverse_packets", half.reverse.packets);
  json.number("reverse_bytes", half.reverse.bytes);
  json.number("retransmits", half.retransmits);
  json.number("reverse_retransmits", half.reverse_retransmits);
  if (half.handshake > 0) json.real("handshake_rtt_ms", static_cast<double>(half.handshake) / 1e6);
  if (half.rtt > 0) json.real("rtt_ms", static_cast<double>(half.rtt) / 1e6);
  json.time("first_seen", half.first_seen);
  json.time("last_seen", half.last_seen);
  json.close();
}

FlowHalf turned(FlowHalf half) {
  std::swap(half.forward, half.reverse);
  std::swap(half.retransmits, half.reverse_retransmits);
  std::swap(half.src_node, half.dst_node);
  return half;
}

/// Why packets lost cannot be told; empty: they can.
std::string not_comparable(const FlowHalf& client, const FlowHalf& server, Nanos now) {
  if (std::abs(client.first_seen - server.first_seen) > kClockSlack) {
    const FlowHalf& later = client.first_seen > server.first_seen ? client : server;
    return later.node + " saw the flow from later on, so packets lost cannot be told";
  }
  const bool over =
      (client.ended && server.ended) || std::max(client.last_seen, server.last_seen) < now - kQuiet;
  if (!over)
    return "both sides are still counting, so packets lost are told once the flow is quiet";
  if (std::abs(client.last_seen - server.last_seen) > kClockSlack)
    return "the sides saw the last packet at different times, so packets lost cannot be told";
  return {};
}

void append_lost(JsonObject& json, std::string& note, const FlowHalf& client,
                 const FlowHalf& server) {
  if (client.forward.packets >= server.forward.packets)
    json.number("lost_packets", client.forward.packets - server.forward.packets);
  else
    note = server.node + " counted more packets than " + client.node + " sent";
  if (server.reverse.packets >= client.reverse.packets)
    json.number("reverse_lost_packets", server.reverse.packets - client.reverse.packets);
  else
    note = client.node + " counted more packets than " + server.node + " sent";
}

}  // namespace

std::optional<FlowHalf> flow_half(simdjson::dom::object flow, std::string node,
                                  Nanos clock_difference) {
  const int number = protocol_number(text_in(flow, "protocol"));
  if (number < 0 || number > UINT8_MAX) return std::nullopt;
  const auto protocol = static_cast<std::uint8_t>(number);
  auto tuple = tuple_in(flow, protocol);
  if (!tuple) return std::nullopt;
  FlowHalf half{.node = std::move(node),
                .src_node = std::string(text_in(flow, "src_node")),
                .dst_node = std::string(text_in(flow, "dst_node")),
                .tuple = *tuple};
  simdjson::dom::object nat;
  if (flow["nat"].get(nat) == simdjson::SUCCESS) half.translated = tuple_in(nat, protocol);
  half.forward = {number_in(flow, "packets"), number_in(flow, "bytes")};
  half.reverse = {number_in(flow, "reverse_packets"), number_in(flow, "reverse_bytes")};
  half.retransmits = number_in(flow, "retransmits");
  half.reverse_retransmits = number_in(flow, "reverse_retransmits");
  half.first_seen = time_in(flow, "first_seen") - clock_difference;
  half.last_seen = time_in(flow, "last_seen") - clock_difference;
  half.handshake = millis_in(flow, "handshake_rtt_ms");
  half.handshake_server = millis_in(flow, "handshake_server_ms");
  half.rtt = millis_in(flow, "rtt_ms");
  half.ended = flag_in(flow, "ended");
  return half;
}

std::string other_node(const FlowHalf& half) {
  if (half.src_node == half.node) return half.dst_node == half.node ? "" : half.dst_node;
  if (half.dst_node == half.node) return half.src_node;
  // One that it handed on, or that went through: on it goes to dst.
  return half.dst_node;
}

void HalfIndex::add(FlowHalf half) {
  const std::string look = look_of(half.tuple);
  if (half.translated) {
    const std::string behind = look_of(*half.translated);
    if (behind != look) halves_.emplace(behind, half);
  }
  halves_.emplace(look, std::move(half));
}

const FlowHalf* HalfIndex::find(const FlowHalf& half, const std::string& node) const {
  const FlowHalf* best = nullptr;
  const auto look_up = [&](const FlowTuple& tuple) {
    const auto [begin, end] = halves_.equal_range(look_of(tuple));
    for (auto each = begin; each != end; ++each) {
      const FlowHalf& other = each->second;
      if (other.node != node || together(half, other) < -kClockSlack) continue;
      if (best == nullptr || together(half, *best) < together(half, other)) best = &other;
    }
  };
  look_up(half.tuple);
  if (half.translated) look_up(*half.translated);
  return best;
}

void append_sides(std::string& out, const FlowHalf& half, const FlowHalf* other, Nanos now) {
  // The record of dst's node is the server's; any other is nearer to the client.
  const bool is_server = half.dst_node == half.node && half.src_node != half.node;
  JsonObject json(out);
  if (other == nullptr) {
    json.key(is_server ? "server" : "client");
    append_side(out, half);
    json.null(is_server ? "client" : "server");
    json.text("note", other_node(half) + " tells of no such flow");
    json.close();
    return;
  }
  const FlowHalf there = same_way(half, *other) ? *other : turned(*other);
  const FlowHalf& client = is_server ? there : half;
  const FlowHalf& server = is_server ? half : there;
  json.key("client");
  append_side(out, client);
  json.key("server");
  append_side(out, server);
  std::string note = not_comparable(client, server, now);
  if (note.empty()) append_lost(json, note, client, server);
  // From the client's node to the server and back, less the same from the server's.
  if (client.handshake_server > 0 && server.handshake_server > 0 &&
      client.handshake_server >= server.handshake_server)
    json.real("between_nodes_rtt_ms",
              static_cast<double>(client.handshake_server - server.handshake_server) / 1e6);
  if (!note.empty()) json.text("note", note);
  json.close();
}

}  // namespace netprobe
