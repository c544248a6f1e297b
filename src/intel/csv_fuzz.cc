// SPDX-License-Identifier: Apache-2.0
// Tables.
#include "intel/testing/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace netprobe::intel;
  return testing::hold_feed({reinterpret_cast<const char*>(data), size},
                            {.format = FeedFormat::kCsv, .column = {}, .reason = {}});
}
