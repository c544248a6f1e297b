// SPDX-License-Identifier: Apache-2.0
// What lateral was learnt of: files as they are, and bodies under a right sum.
#include "detect/lateral/lateral_detector.h"
#include "support/saved_state_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  netprobe::test::fuzz_saved_state<netprobe::LateralDetector>(
      data, size, "lateral_movement",
      netprobe::test::answered_record(netprobe::IpAddress::v4(0x0a000002), 22,
                                      {.packets = 5, .bytes = 500}));
  return 0;
}
