// SPDX-License-Identifier: Apache-2.0
// What lateral was learnt of: files as they are, and bodies under a right sum.
#include <cstdlib>
#include <string>
#include <string_view>

#include "detect/lateral/lateral_detector.h"
#include "sketch/saved_state.h"

namespace {

netprobe::FlowRecord record_at(netprobe::Micros time) {
  netprobe::FlowRecord record;
  record.tuple = {.src = netprobe::IpAddress::v4(0x0a000001),
                  .dst = netprobe::IpAddress::v4(0x0a000002),
                  .src_port = 40'000,
                  .dst_port = 22,
                  .protocol = netprobe::kProtoTcp};
  record.time = record.first_seen = record.last_seen = time;
  record.forward = record.reverse = {.packets = 5, .bytes = 500};
  record.tcp_flags = record.reverse_tcp_flags = netprobe::kTcpSyn | netprobe::kTcpAck;
  record.began = true;
  return record;
}

void try_state(std::string_view state) {
  netprobe::LateralDetector detector({.learning = 0, .seed = 1});
  const bool loaded = detector.load(state).has_value();
  for (netprobe::Micros i = 0; i < 40; ++i)
    detector.on_flow(record_at(1'767'571'200'000'000 + i * 300'000'000));
  detector.tick(0, [](netprobe::Finding&&) {});
  if (!loaded) return;
  std::string again;
  detector.save(again);
  if (!detector.load(again)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  try_state({reinterpret_cast<const char*>(data), size});
  std::string sealed;
  netprobe::StateWriter writer(sealed, "lateral_movement", 1);
  writer.bytes(data, size);
  writer.finish();
  try_state(sealed);
  return 0;
}
