// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/ask.h"
#include "api/request_params.h"

/// Any body of a POST is parameters, or refused with a sentence.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  const auto params = parse_json_params({reinterpret_cast<const char*>(data), size});
  if (!params) {
    if (params.error().detail.empty()) std::abort();
    return 0;
  }
  for (const auto& [name, value] : *params)
    if (value.contains('\0')) std::abort();
  if (const auto ask = parse_ask(*params, 1'700'000'000 * kSecond);
      !ask && ask.error().detail.empty())
    std::abort();
  return 0;
}
