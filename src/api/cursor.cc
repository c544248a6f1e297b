// SPDX-License-Identifier: Apache-2.0
#include "api/cursor.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>

namespace netprobe {
namespace {

struct OrderName {
  FlowOrder order;
  std::string_view name;
  char letter;
};
constexpr std::array kOrders{
    OrderName{FlowOrder::kId, "id", 'i'},
    OrderName{FlowOrder::kBytes, "bytes", 'b'},
    OrderName{FlowOrder::kPackets, "packets", 'p'},
    OrderName{FlowOrder::kRate, "rate", 'r'},
    OrderName{FlowOrder::kLastSeen, "last_seen", 'l'},
};

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void append_hex(std::string& out, std::uint64_t value) {
  char text[20];
  const auto result = std::to_chars(text, text + sizeof(text), value, 16);
  out.append(text, result.ptr);
}

}  // namespace

std::optional<FlowOrder> parse_flow_order(std::string_view name) {
  for (const auto& order : kOrders)
    if (order.name == name) return order.order;
  return std::nullopt;
}

std::uint64_t sort_weight(const Flow& flow, FlowOrder order) {
  switch (order) {
    case FlowOrder::kId:
      return 0;
    case FlowOrder::kBytes:
      return flow.forward.bytes + flow.reverse.bytes;
    case FlowOrder::kPackets:
      return flow.forward.packets + flow.reverse.packets;
    case FlowOrder::kRate:
      // The bits of doubles that are not negative sort as the numbers do.
      return std::isfinite(flow.bytes_per_second) && flow.bytes_per_second > 0
                 ? std::bit_cast<std::uint64_t>(flow.bytes_per_second)
                 : 0;
    case FlowOrder::kLastSeen:
      return static_cast<std::uint64_t>(std::max<Nanos>(flow.last_seen, 0));
  }
  return 0;
}

std::string format_cursor(const FlowCursor& cursor) {
  std::string out;
  for (const auto& order : kOrders)
    if (order.order == cursor.order) out += order.letter;
  append_hex(out, cursor.weight);
  out += '-';
  append_hex(out, cursor.id);
  return out;
}

std::optional<FlowCursor> parse_cursor(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto order = std::ranges::find(kOrders, text.front(), &OrderName::letter);
  const auto dash = text.find('-');
  if (order == kOrders.end() || dash == std::string_view::npos) return std::nullopt;
  const auto weight = parse_hex(text.substr(1, dash - 1));
  const auto id = parse_hex(text.substr(dash + 1));
  if (!weight || !id) return std::nullopt;
  return FlowCursor{order->order, *weight, *id};
}

}  // namespace netprobe
