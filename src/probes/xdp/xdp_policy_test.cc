// SPDX-License-Identifier: Apache-2.0
#include "probes/xdp/xdp_policy.h"

#include <gtest/gtest.h>
#include <linux/if_arp.h>

namespace netprobe {
namespace {

InterfaceInfo link(const char* name, const char* kind, Role role) {
  return {.ifindex = 2, .name = name, .kind = kind, .role = role, .link_type = ARPHRD_ETHER};
}
const InterfaceInfo kUplink = link("eth0", "", Role::kUplink);
const InterfaceInfo kVeth = link("veth1", "veth", Role::kPod);
const InterfaceInfo kNestedUplink = link("eth0", "veth", Role::kUplink);

bool says(const XdpChoice& choice, const char* words) {
  return choice.reason.find(words) != std::string::npos;
}

TEST(XdpPolicy, ByDefaultUplinksNatively) {
  const auto choice = choose_xdp(kUplink, true, XdpMode::kAuto, {});
  EXPECT_TRUE(choice.attach);
  EXPECT_EQ(choice.mode, XdpMode::kNative);
  EXPECT_EQ(choice.reason, "an uplink");
  EXPECT_EQ(choice.warning, "");
  EXPECT_FALSE(choose_xdp(kUplink, false, XdpMode::kAuto, {}).attach);
  EXPECT_TRUE(says(choose_xdp(link("d0", "dummy", Role::kHost), true, XdpMode::kAuto, {}),
                   "its role is host"));
}

TEST(XdpPolicy, AVethOnlyByItsExactNameAndWithThePrice) {
  for (const auto mode : {XdpMode::kAuto, XdpMode::kNative, XdpMode::kGeneric}) {
    for (const auto& veth : {kVeth, kNestedUplink}) {
      EXPECT_FALSE(choose_xdp(veth, true, mode, {}).attach);
      EXPECT_FALSE(choose_xdp(veth, true, mode, {"*"}).attach);
      EXPECT_TRUE(says(choose_xdp(veth, true, mode, {}), "a veth"));
      const auto asked = choose_xdp(veth, true, mode, {veth.name});
      EXPECT_TRUE(asked.attach);
      EXPECT_NE(asked.warning.find("ns a packet"), std::string::npos);
      EXPECT_TRUE(says(asked, "asked for by --xdp-interface"));
    }
  }
}

TEST(XdpPolicy, SoftwareDevicesOnlyGenerically) {
  for (const auto& device :
       {link("cni0", "bridge", Role::kBridge), link("vx0", "vxlan", Role::kTunnel)}) {
    const auto no = choose_xdp(device, true, XdpMode::kAuto, {device.name});
    EXPECT_FALSE(no.attach);
    EXPECT_TRUE(says(no, "has no native XDP")) << no.reason;
    const auto yes = choose_xdp(device, true, XdpMode::kGeneric, {device.name});
    EXPECT_TRUE(yes.attach);
    EXPECT_EQ(yes.mode, XdpMode::kGeneric);
    // Generic is a way, not a wish for every device.
    EXPECT_FALSE(choose_xdp(device, true, XdpMode::kGeneric, {}).attach);
  }
}

TEST(XdpPolicy, NamesPickAndExclude) {
  EXPECT_TRUE(choose_xdp(kUplink, true, XdpMode::kAuto, {"eth*"}).attach);
  EXPECT_TRUE(says(choose_xdp(kUplink, true, XdpMode::kAuto, {"ens*"}), "not in --xdp-interface"));
  EXPECT_FALSE(choose_xdp(kUplink, true, XdpMode::kAuto, {"!eth0"}).attach);
}

TEST(XdpPolicy, NeedsAnEthernetHeader) {
  InterfaceInfo wireguard = link("wg0", "wireguard", Role::kTunnel);
  wireguard.link_type = ARPHRD_NONE;
  EXPECT_TRUE(says(choose_xdp(wireguard, true, XdpMode::kGeneric, {"wg0"}), "no Ethernet header"));
}

}  // namespace
}  // namespace netprobe
