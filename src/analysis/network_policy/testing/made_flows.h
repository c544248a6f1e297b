// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "analysis/network_policy/policy.h"
#include "analysis/network_policy/policy_maker.h"

namespace netprobe::network_policy::testing {

inline End pod(const std::string& name_space, const std::string& workload,
               const std::string& address = "10.244.1.2") {
  return {.kind = End::Kind::kPod,
          .name_space = name_space,
          .workload = workload,
          .workload_kind = "Deployment",
          .address = *IpAddress::parse(address),
          .labels = Labels{{"app", workload}, {"pod-template-hash", "6d4b75cb6d"}}};
}

inline End outside(const std::string& address) {
  return {.kind = End::Kind::kOutside,
          .name_space = {},
          .workload = {},
          .workload_kind = {},
          .address = *IpAddress::parse(address)};
}

inline Seen seen(End src, End dst, std::uint16_t port, std::uint8_t protocol = 6) {
  return {.src = std::move(src),
          .dst = std::move(dst),
          .protocol = protocol,
          .port = port,
          .flows = 1,
          .answered = true};
}

inline Subject web() {
  return {.name_space = "shop",
          .workload = "web",
          .workload_kind = "Deployment",
          .labels = pod("shop", "web").labels};
}

}  // namespace netprobe::network_policy::testing
