// SPDX-License-Identifier: Apache-2.0
// What beacons were learnt of: files as they are, and bodies under a right sum.
#include "detect/beacon/beacon_detector.h"
#include "support/saved_state_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  netprobe::test::fuzz_saved_state<netprobe::BeaconDetector>(
      data, size, "beacon",
      netprobe::test::answered_record(netprobe::IpAddress::v4(0x2d000001), 443,
                                      {.packets = 5, .bytes = 500}));
  return 0;
}
