// SPDX-License-Identifier: Apache-2.0
#include "detect/flood/flood_options.h"

namespace netprobe {
namespace {

// T1498.001 direct network flood, .002 reflection and amplification; T1499.001 flood of
// the operating system, .002 of a service.
constexpr std::array<FloodKindInfo, kFloodKinds> kInfo{{
    {"syn_flood", "T1499.001", "connections/s", "half-open connections"},
    {"connection_flood", "T1499.002", "connections/s", "new connections"},
    {"tcp_flood", "T1499.001", "packets/s", "TCP segments of no connection"},
    {"udp_flood", "T1498.001", "packets/s", "UDP datagrams without answer"},
    {"udp_flood", "T1498.001", "packets/s", "UDP datagrams without answer in long flows"},
    {"reflection_flood", "T1498.002", "packets/s", "answers that were not asked for"},
    {"icmp_flood", "T1498.001", "packets/s", "ICMP messages"},
    {"fragment_flood", "T1498.001", "packets/s", "fragments without beginning"},
    {"protocol_flood", "T1498.001", "packets/s", "packets of other protocols"},
}};

}  // namespace

const FloodKindInfo& info_of(FloodKind kind) { return kInfo.at(static_cast<std::size_t>(kind)); }

}  // namespace netprobe
