// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/cluster_pages.h"
#include "api/testing/clusters.h"
#include "api/who_query.h"

/// Any query string is refused with a sentence, or answered with 200 or 404.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  const auto params = parse_query({reinterpret_cast<const char*>(data), size});
  if (!params) return 0;
  static const auto kSnapshot = testing::make_cluster_snapshot();
  if (const auto graph = parse_topology_query(*params); !graph && graph.error().detail.empty())
    std::abort();
  const auto query = parse_who_query(*params, kSnapshot->taken_at);
  if (!query) {
    if (query.error().detail.empty()) std::abort();
    return 0;
  }
  for (const auto answer : {pod_answer, service_answer, node_answer}) {
    const HttpResponse response = answer(*kSnapshot, *query);
    if (response.status != 200 && response.status != 404) std::abort();
    if (!response.body.view().ends_with("}\n")) std::abort();
  }
  return 0;
}
