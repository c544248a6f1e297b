// SPDX-License-Identifier: Apache-2.0
// Any bytes as a capture: every packet must lie inside what it claims, and its
// link header must be taken off without reading beyond it.
#include <cstdlib>

#include "io/link_header.h"
#include "io/pcap_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  MemorySource source({data, size});
  auto reader = PcapReader::open(source);
  if (!reader) return 0;
  LinkHeaderReader links;
  CapturedPacket packet;
  std::uint64_t sum = 0;
  for (;;) {
    const auto read = reader->next(packet);
    if (!read || *read != CaptureRead::kPacket) break;
    if (packet.data.size() > packet.wire_length || packet.interface == 0) std::abort();
    LinkFrame frame;
    if (!links.read(packet.link_type, packet.data, packet.wire_length, frame)) continue;
    if (frame.data.size() > frame.wire_length) std::abort();
    for (const auto byte : frame.data) sum += byte;  // the sanitizer sees every byte read
  }
  // Keeps the reads above; no capture has this many bytes.
  if (sum == ~std::uint64_t{0} || reader->offset() > size) std::abort();
  return 0;
}
