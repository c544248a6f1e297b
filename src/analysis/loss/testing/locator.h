// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/loss/loss_locator.h"
#include "analysis/loss/testing/node.h"
#include "model/loss_json.h"

namespace netprobe::testing {

class Locator : public ::testing::Test {
 protected:
  /// A pass of one second, with these flows changed.
  void pass(std::vector<TestFlow*> changed = {}) {
    now += kSecond;
    locator.begin_pass(now, now);
    for (TestFlow* flow : changed) flow->hand_to(locator);
    locator.end_pass();
  }
  /// Until whatever is lost is settled.
  void settle(TestFlow& flow) {
    pass({&flow});
    for (int i = 0; i < 14; ++i) pass();
  }
  std::uint64_t total() {
    std::uint64_t sum = 0;
    for (const LossTotal& each : locator.report().totals) sum += each.packets;
    return sum;
  }
  /// "vetha→cni0 3, …" in order of the way.
  std::string told() {
    std::string text;
    for (const Loss& loss : locator.report().losses)
      text += (text.empty() ? "" : ", ") + place_of(loss) + " " + std::to_string(loss.packets);
    return text;
  }

  Node node;
  LossLocator locator{{}, node};
  Nanos now = 10 * kSecond;
};

struct Case {
  const char* name;
  const Way* way;
  std::vector<const char*> hops;  ///< between its points
};

inline const std::vector<Case> kCases{
    {"pod to pod", &kPodToPod, {"vetha→vethb"}},
    {"pod to node", &kPodToNode, {"vetha→cni0", "cni0→vx0", "vx0→eth0"}},
    {"node to pod", &kNodeToPod, {"eth0→vx0", "vx0→cni0", "cni0→vethb"}},
    {"pod to pod, routed", &kPodToPodRouted, {"vetha→cni0", "cni0→cni0", "cni0→vethb"}},
    {"host to pod", &kHostToPod, {"cni0→vethb"}},
    {"host to node", &kHostToNode, {"vx0→eth0"}},
    {"forwarded", &kForwarded, {"eth0→eth1"}},
    {"to the outside", &kOutside, {"vetha→cni0", "cni0→eth1"}},
    {"loopback", &kLoop, {"lo→lo"}},
};

}  // namespace netprobe::testing
