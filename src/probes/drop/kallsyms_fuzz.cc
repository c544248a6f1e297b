// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string_view>

#include "probes/drop/kallsyms.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  netprobe::SymbolTable table;
  const std::size_t half = size / 2;
  table.feed(text.substr(0, half));
  table.feed(text.substr(half));
  table.finish();
  for (const std::uint64_t address : {0ULL, 0xffffffff81000123ULL, ~0ULL})
    (void)table.name_of(address);
  return 0;
}
