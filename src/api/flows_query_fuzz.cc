// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/losses_query.h"
#include "api/pages.h"
#include "api/query.h"
#include "api/testing/clusters.h"

/// Any query string is either refused with a sentence, or answered; a cursor
/// that is accepted is one that we could have given.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  const auto params = parse_query({reinterpret_cast<const char*>(data), size});
  if (!params) return 0;
  static const auto kSnapshot = testing::make_cluster_snapshot();
  if (const auto losses = parse_losses_query(*params, kSnapshot->taken_at);
      losses ? !losses_page(*kSnapshot, *losses).ends_with('}') : losses.error().detail.empty())
    std::abort();
  const auto query = parse_flows_query(*params, kSnapshot->taken_at);
  if (!query) {
    if (query.error().detail.empty() || query.error().parameter.size() > size) std::abort();
    return 0;
  }
  if (query->cursor && parse_cursor(format_cursor(*query->cursor)) != query->cursor) std::abort();
  if (query->limit < 1 || query->limit > kMaxLimit) std::abort();
  if (!flow_page(*kSnapshot, *query).ends_with('}')) std::abort();
  return 0;
}
