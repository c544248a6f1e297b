// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <span>

#include "probes/dns/dns_parser.h"
#include "probes/dns/neighbour_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, size);
  if (const auto message = netprobe::parse_dns(bytes, size)) {
    // A byte is at most four characters; 255 of them make a name.
    if (message->name.size() > 4 * 255 || message->answers.size() > netprobe::kMostDnsAnswers ||
        message->data_bytes > message->bytes)
      std::abort();
  }
  (void)netprobe::parse_dns(bytes.first(size / 2), size);
  (void)netprobe::parse_arp(bytes);
  (void)netprobe::parse_neighbour_discovery(bytes, netprobe::IpAddress(), netprobe::IpAddress());
  return 0;
}
