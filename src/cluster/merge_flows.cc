// SPDX-License-Identifier: Apache-2.0
#include "cluster/merge_flows.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

#include "base/duration.h"

namespace netprobe {
namespace {

struct OrderName {
  FlowsOrder order;
  std::string_view name;
  char letter;  ///< in agents' cursors
};
constexpr std::array kOrders{
    OrderName{FlowsOrder::kLastSeen, "last_seen", 'l'},
    OrderName{FlowsOrder::kBytes, "bytes", 'b'},
    OrderName{FlowsOrder::kPackets, "packets", 'p'},
};

char letter_of(FlowsOrder order) {
  return std::ranges::find(kOrders, order, &OrderName::order)->letter;
}

void append_hex(std::string& out, std::uint64_t value) {
  std::array<char, 20> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, 16).ptr;
  out.append(text.data(), end);
}

std::uint64_t weight_of(simdjson::dom::object flow, FlowsOrder order) {
  switch (order) {
    case FlowsOrder::kBytes:
      return number_in(flow, "bytes") + number_in(flow, "reverse_bytes");
    case FlowsOrder::kPackets:
      return number_in(flow, "packets") + number_in(flow, "reverse_packets");
    case FlowsOrder::kLastSeen:
      break;
  }
  const auto time = parse_time(text_in(flow, "last_seen"), 0);
  return static_cast<std::uint64_t>(std::max<Nanos>(time.value_or(0), 0));
}

struct Placed {
  FlowsPlace place;
  MergedFlows::Flow flow;
};

/// More weight first, then by node, then by id: as the agents' lists, each for itself.
bool stands_before(const FlowsPlace& a, const FlowsPlace& b) {
  if (a.weight != b.weight) return a.weight > b.weight;
  return std::tie(a.node, a.address, a.id) < std::tie(b.node, b.address, b.id);
}

}  // namespace

std::optional<FlowsOrder> parse_flows_order(std::string_view name) {
  const auto found = std::ranges::find(kOrders, name, &OrderName::name);
  return found == kOrders.end() ? std::nullopt : std::optional(found->order);
}

std::string_view to_string(FlowsOrder order) {
  return std::ranges::find(kOrders, order, &OrderName::order)->name;
}

std::string format_flows_place(const FlowsPlace& place) {
  std::string bytes(1, letter_of(place.order));
  append_hex(bytes, place.weight);
  bytes += '-';
  append_hex(bytes, place.id);
  return bytes + "-" + to_hex(place.node) + "-" + to_hex(place.address);
}

std::optional<FlowsPlace> parse_flows_place(std::string_view text) {
  if (text.empty() || text.size() > 2048) return std::nullopt;
  const auto order = std::ranges::find(kOrders, text.front(), &OrderName::letter);
  if (order == kOrders.end()) return std::nullopt;
  FlowsPlace place{.order = order->order};
  const char* at = text.data() + 1;
  const char* const last = text.data() + text.size();
  for (std::uint64_t* number : {&place.weight, &place.id}) {
    const auto read = std::from_chars(at, last, *number, 16);
    if (read.ec != std::errc{} || read.ptr == last || *read.ptr != '-') return std::nullopt;
    at = read.ptr + 1;
  }
  const std::string_view rest(at, static_cast<std::size_t>(last - at));
  const auto dash = rest.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  auto node = from_hex(rest.substr(0, dash));
  auto address = from_hex(rest.substr(dash + 1));
  if (!node || !address) return std::nullopt;
  place.node = std::move(*node);
  place.address = std::move(*address);
  return format_flows_place(place) == text ? std::optional(std::move(place)) : std::nullopt;
}

std::string agent_cursor(const FlowsPlace& place, const AgentState& agent) {
  std::uint64_t weight = place.weight;
  std::uint64_t id = place.id;
  const auto own = std::tie(agent.node, agent.address);
  const auto there = std::tie(place.node, place.address);
  // Of the same weight, nodes before it were shown and nodes behind it were not.
  if (own < there) id = UINT64_MAX;
  if (there < own) {
    id = UINT64_MAX;
    if (weight < UINT64_MAX) ++weight;
  }
  std::string text(1, letter_of(place.order));
  append_hex(text, weight);
  text += '-';
  append_hex(text, id);
  return text;
}

MergedFlows merge_flows(std::vector<AgentPage> pages, const Roster& roster, FlowsOrder order,
                        std::size_t limit) {
  MergedFlows merged{.completeness = PageCompleteness(roster)};
  std::vector<Placed> all;
  std::optional<FlowsPlace> known_to;  // behind it some agent has more than it sent
  simdjson::dom::parser parser;
  const auto before = [](const Placed& a, const Placed& b) {
    return stands_before(a.place, b.place);
  };
  for (AgentPage& page : pages) {
    if (!page.problem.empty()) {
      merged.completeness.failed(page);
      continue;
    }
    const auto object = parse_page(parser, page.answer.body);
    simdjson::dom::array list;
    if (!object || (*object)["flows"].get(list) != simdjson::SUCCESS) {
      page.problem = "what it sent is no list of flows";
      merged.completeness.failed(page);
      continue;
    }
    merged.completeness.answered(*object);
    merged.total += number_in(*object, "total");
    const AgentState& state = *page.from.state;
    std::optional<FlowsPlace> last;
    for (const auto& each : list) {
      simdjson::dom::object flow;
      if (each.get(flow) != simdjson::SUCCESS) continue;
      auto half = flow_half(flow, page.from.name(), state.clock_difference);
      if (!half) continue;
      Placed placed{
          {order, weight_of(flow, order), number_in(flow, "id"), state.node, state.address},
          {page.from.name(), {}, std::move(*half)}};
      append_with_node(placed.flow.json, flow, page.from.name());
      last = placed.place;
      all.push_back(std::move(placed));
    }
    if (last && !text_in(*object, "next_cursor").empty() &&
        (!known_to || stands_before(*last, *known_to)))
      known_to = last;
    page.answer.body = {};
    // No more than a page of all is held.
    if (all.size() > 2 * limit + 1) {
      std::ranges::sort(all, before);
      all.resize(limit + 1);
    }
  }
  std::ranges::sort(all, before);
  if (known_to) {
    const auto behind = std::ranges::find_if(
        all, [&](const Placed& each) { return stands_before(*known_to, each.place); });
    all.erase(behind, all.end());
    merged.more = true;
  }
  if (all.size() > limit) {
    all.resize(limit);
    merged.more = true;
  }
  if (!all.empty()) merged.last = all.back().place;
  for (Placed& each : all) merged.flows.push_back(std::move(each.flow));
  merged.more = merged.more && !merged.flows.empty();
  return merged;
}

void index_flows(const AgentPage& page, HalfIndex& index) {
  if (!page.problem.empty()) return;
  simdjson::dom::parser parser;
  const auto object = parse_page(parser, page.answer.body);
  simdjson::dom::array list;
  if (!object || (*object)["flows"].get(list) != simdjson::SUCCESS) return;
  for (const auto& each : list) {
    simdjson::dom::object flow;
    if (each.get(flow) != simdjson::SUCCESS) continue;
    if (auto half = flow_half(flow, page.from.name(), page.from.state->clock_difference))
      index.add(std::move(*half));
  }
}

}  // namespace netprobe
