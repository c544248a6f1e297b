// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "support/netns.h"

namespace netprobe::test {

/// A packet socket at a device in a namespace: send() puts whole frames on it.
[[nodiscard]] Result<UniqueFd> packet_socket(const NetNamespace& ns, const std::string& device);

/// A TUN device (packets without a link header) in a namespace, down and
/// without addresses. It is there as long as the descriptor, which reads what
/// the stack sends and writes what it shall receive.
[[nodiscard]] Result<UniqueFd> tun_device(const NetNamespace& ns, const std::string& name);

}  // namespace netprobe::test
