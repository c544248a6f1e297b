// SPDX-License-Identifier: Apache-2.0
// Whatever is compressed, zlib reads it back. Also with what came before it repeated, so
// that short inputs have long repeats.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "io/quick_gzip.h"
#include "io/testing/gunzip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static netprobe::QuickGzip gzip;
  const std::string once(reinterpret_cast<const char*>(data), size);
  std::string text = once;
  while (!once.empty() && text.size() < 10'000) text += once;
  for (const std::string& each : {once, text}) {
    const auto back = netprobe::testing::gunzip(gzip.compress(each));
    if (!back || *back != each) std::abort();
  }
  return 0;
}
