// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace netprobe {

/// "tcp", "udp", …, or the number.
void append_protocol(std::string& out, std::uint64_t protocol);
/// TCP flags as "syn+ack", from the lowest bit (RFC 9293, RFC 3168).
void append_tcp_flags(std::string& out, std::uint64_t flags);

}  // namespace netprobe
