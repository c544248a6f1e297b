// SPDX-License-Identifier: Apache-2.0
#include "model/top_talkers.h"

#include <algorithm>

namespace netprobe {
namespace {

struct Ranked {
  double weight = 0;
  const Flow* flow = nullptr;
};

double weight_of(const Flow& flow, TopBy by) {
  switch (by) {
    case TopBy::kRate:
      return flow.bytes_per_second;
    case TopBy::kBytes:
      return static_cast<double>(flow.forward.bytes + flow.reverse.bytes);
    case TopBy::kPackets:
      return static_cast<double>(flow.forward.packets + flow.reverse.packets);
  }
  return 0;
}

}  // namespace

std::string_view to_string(TopBy by) {
  switch (by) {
    case TopBy::kRate:
      return "rate";
    case TopBy::kBytes:
      return "bytes";
    case TopBy::kPackets:
      return "packets";
  }
  return "unknown";
}

std::optional<TopBy> parse_top_by(std::string_view name) {
  for (const auto by : {TopBy::kRate, TopBy::kBytes, TopBy::kPackets})
    if (to_string(by) == name) return by;
  return std::nullopt;
}

std::vector<Flow> top_talkers(const std::vector<Flow>& flows, std::size_t n, TopBy by,
                              const FlowFilter& filter, std::string_view observed_by) {
  // Rank pointers: a flow is some hundred bytes with its points, and only n
  // of them are wanted.
  std::vector<Ranked> ranked;
  ranked.reserve(filter.empty() ? flows.size() : 0);
  for (const Flow& flow : flows)
    if (filter.matches(flow, observed_by)) ranked.push_back({weight_of(flow, by), &flow});
  n = std::min(n, ranked.size());
  std::ranges::partial_sort(ranked, ranked.begin() + static_cast<std::ptrdiff_t>(n),
                            [](const Ranked& a, const Ranked& b) {
                              return a.weight != b.weight ? a.weight > b.weight
                                                          : a.flow->id < b.flow->id;
                            });
  std::vector<Flow> top;
  top.reserve(n);
  for (std::size_t i = 0; i < n; ++i) top.push_back(*ranked[i].flow);
  return top;
}

}  // namespace netprobe
