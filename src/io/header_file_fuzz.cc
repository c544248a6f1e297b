// SPDX-License-Identifier: Apache-2.0
// Files of headers: what is taken is one line of a request each.
#include <cstdlib>
#include <string_view>

#include "io/header_file.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto headers = netprobe::parse_headers({reinterpret_cast<const char*>(data), size});
  if (!headers) return 0;
  for (const auto& header : *headers)
    if (header.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos ||
        header.find(": ") == std::string::npos)
      std::abort();
  return 0;
}
