// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/packet_layers.h"

namespace netprobe::test {

/// The header `layers[index]` and behind it `rest`, which is all that comes
/// after it, encoded already. The neighbours give types and pseudo headers.
[[nodiscard]] Bytes encode_layer(const std::vector<Layer>& layers, std::size_t index,
                                 const Bytes& rest);

/// What an IP header before this layer has in its protocol field.
[[nodiscard]] std::uint8_t protocol_of(const Layer& layer);
/// What an Ethernet header before it has as its type.
[[nodiscard]] std::uint16_t ethertype_of(const Layer& layer);

}  // namespace netprobe::test
