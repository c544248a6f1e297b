// SPDX-License-Identifier: Apache-2.0
// Answers of a server, in FORMAT Native: whatever comes, rows or an error.
#include <cstdint>
#include <cstdlib>

#include "store/clickhouse/insert_group.h"
#include "store/clickhouse/native_block.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const std::vector<Column> kColumns{{"time", FieldType::kTime},
                                            {"src.ip", FieldType::kAddress},
                                            {"name", FieldType::kText},
                                            {"bytes", FieldType::kCount}};
  const auto rows = decode_native(bytes, kColumns, 1'000);
  if (rows)
    for (const auto& row : *rows)
      if (row.size() != kColumns.size()) std::abort();
  // A spilled batch comes from a disk, which is no better.
  if (const auto group = decode_group(bytes); group && encode_group(*group).size() != size)
    std::abort();
  return 0;
}
