// SPDX-License-Identifier: Apache-2.0
// What exfiltration was learnt of: files as they are, and bodies under a right sum.
#include "detect/exfiltration/exfiltration_detector.h"
#include "support/saved_state_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  netprobe::test::fuzz_saved_state<netprobe::ExfiltrationDetector>(
      data, size, "exfiltration",
      netprobe::test::answered_record(netprobe::IpAddress::v4(0x2d000001), 443,
                                      {.packets = 90'000, .bytes = 100'000'000}));
  return 0;
}
