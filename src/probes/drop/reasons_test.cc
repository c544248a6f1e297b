// SPDX-License-Identifier: Apache-2.0
#include "probes/drop/reasons.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netprobe {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ReasonTable, BearsTheKernelsNamesWithoutTheirPrefix) {
  const ReasonTable reasons(
      {{"SKB_NOT_DROPPED_YET", 0},
       {"SKB_CONSUMED", 1},
       {"SKB_DROP_REASON_NOT_SPECIFIED", 2},
       {"SKB_DROP_REASON_NETFILTER_DROP", 12},
       {"SKB_DROP_REASON_MAX", 13},
       {"SKB_DROP_REASON_SUBSYS_MASK", 0xffff0000}},
      {{"SKB_DROP_REASON_SUBSYS_CORE", 0}, {"SKB_DROP_REASON_SUBSYS_OPENVSWITCH", 3}});
  EXPECT_EQ(reasons.name_of(2), "NOT_SPECIFIED");
  EXPECT_EQ(reasons.name_of(12), "NETFILTER_DROP");
  EXPECT_EQ(reasons.name_of(13), "REASON_13");
  EXPECT_EQ(reasons.name_of(3U << 16 | 5), "OPENVSWITCH_5");
  EXPECT_EQ(reasons.name_of(7U << 16 | 5), "SUBSYS_7_5");
  EXPECT_THAT(reasons.not_drops(), ElementsAre(0U, 1U));
}

// 5.17 numbered from the reason that is none, and had none for no drop.
TEST(ReasonTable, OfAnOlderKernel) {
  const ReasonTable reasons(
      {{"SKB_DROP_REASON_NOT_SPECIFIED", 0}, {"SKB_DROP_REASON_NO_SOCKET", 1}}, {});
  EXPECT_EQ(reasons.name_of(0), "NOT_SPECIFIED");
  EXPECT_EQ(reasons.name_of(1), "NO_SOCKET");
  EXPECT_THAT(reasons.not_drops(), IsEmpty());
  EXPECT_EQ(ReasonTable().name_of(0), "NOT_SPECIFIED");
}

TEST(ReasonTable, SubsystemsNameTheirOwn) {
  ReasonTable reasons({{"SKB_DROP_REASON_NOT_SPECIFIED", 2}}, {});
  reasons.add({{"__OVS_DROP_REASON", 3U << 16}, {"OVS_DROP_METER", (3U << 16) + 7}, {"BOUND", 9}});
  EXPECT_EQ(reasons.name_of((3U << 16) + 7), "OVS_DROP_METER");
  EXPECT_EQ(reasons.name_of(9), "REASON_9");
}

}  // namespace
}  // namespace netprobe
