// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace netprobe {

/// A captured packet as the flow program takes it: an Ethernet frame, or an IP
/// packet without a link header.
struct LinkFrame {
  /// Empty where the link header was cut off: malformed, to be counted so.
  std::span<const std::uint8_t> data;
  std::uint32_t wire_length = 0;  ///< of such a frame or packet; >= data.size()
  bool bare_ip = false;
};

/// Turns the link headers of captures into what the flow program parses. One
/// thread; holds one packet.
class LinkHeaderReader {
 public:
  /// False where the link type is one that it does not know. `frame` points
  /// into `data` or into this object, until the next call.
  [[nodiscard]] bool read(std::uint16_t link_type, std::span<const std::uint8_t> data,
                          std::uint32_t wire_length, LinkFrame& frame);

 private:
  void cooked(std::size_t header, std::uint16_t protocol, std::span<const std::uint8_t> data,
              std::uint32_t wire_length, LinkFrame& frame);
  std::vector<std::uint8_t> synthesised_;
};

/// "ieee802_11 (105)", or the number alone.
[[nodiscard]] std::string link_type_name(std::uint16_t link_type);

}  // namespace netprobe
