// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/tunnels_query.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto params = netprobe::parse_query({reinterpret_cast<const char*>(data), size});
  if (!params) return 0;
  const auto query = netprobe::parse_tunnels_query(*params);
  if (query) (void)query->matches({});
  return 0;
}
