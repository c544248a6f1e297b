// SPDX-License-Identifier: Apache-2.0
// Whatever is read is written so that it is read as the same again.
#include <cstdlib>
#include <string>

#include "analysis/network_policy/policy_yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe::network_policy;
  const auto policies = read_policies({reinterpret_cast<const char*>(data), size}, "default");
  if (!policies) return 0;
  for (const Policy& each : *policies) {
    // Without a type it isolates nothing, which the API's defaults cannot say.
    if (!each.isolates_ingress && !each.isolates_egress) continue;
    const std::string text = to_yaml(each, {});
    const auto again = read_policies(text, each.name_space);
    if (!again || again->size() != 1 || to_yaml(again->front(), {}) != text) std::abort();
  }
  return 0;
}
