// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "cluster/merge_flows.h"
#include "cluster/merge_lists.h"

namespace {

using namespace netprobe;

AgentPage page_of(const char* node, std::string_view body) {
  auto state = std::make_shared<AgentState>();
  state->node = node;
  state->link = AgentState::Link::kReady;
  return {{nullptr, std::move(state)}, {200, "application/json", std::string(body)}, {}};
}

void must_be_json(const std::string& text) {
  simdjson::dom::parser parser;
  if (!parse_page(parser, text)) std::abort();
}

}  // namespace

/// Whatever agents send as pages, what the server makes of it is JSON. The first line
/// is a cursor, each other an agent's page.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = std::min(text.find('\n'), text.size());
  const auto place = parse_page_place(text.substr(0, end));
  if (place && parse_page_place(format_page_place(*place))->offset != place->offset) std::abort();
  const auto flows_place = parse_flows_place(text.substr(0, end));
  if (flows_place && format_flows_place(*flows_place) != text.substr(0, end)) std::abort();

  std::vector<AgentPage> pages;
  for (std::size_t begin = end + 1; begin < text.size() && pages.size() < 8;) {
    const auto line = std::min(text.find('\n', begin), text.size());
    pages.push_back(page_of(pages.size() % 2 == 0 ? "a" : "b", text.substr(begin, line - begin)));
    begin = line + 1;
  }
  const Roster roster;
  must_be_json(merge_lists(pages, roster, "connections", 3, place));
  must_be_json(merge_stats(pages, roster));
  HalfIndex index;
  for (const AgentPage& page : pages) index_flows(page, index);
  const MergedFlows merged = merge_flows(pages, roster, FlowsOrder::kBytes, 5);
  if (merged.flows.size() > 5) std::abort();
  for (const auto& flow : merged.flows) {
    must_be_json(flow.json);
    std::string sides;
    append_sides(sides, flow.half, index.find(flow.half, other_node(flow.half)), 0);
    must_be_json(sides);
  }
  return 0;
}
