// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "io/url.h"

/// What a target decodes to must come back when it is encoded and parsed again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  const auto target = parse_target({reinterpret_cast<const char*>(data), size});
  if (!target) return 0;
  std::string again = "/" + percent_encode(std::string_view(target->path).substr(1)) + "?";
  for (const auto& [name, value] : target->query)
    again += percent_encode(name) + "=" + percent_encode(value) + "&";
  const auto reparsed = parse_target(again);
  if (!reparsed || reparsed->path != target->path || reparsed->query != target->query) std::abort();
  return 0;
}
