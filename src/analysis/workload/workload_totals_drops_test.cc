// SPDX-License-Identifier: Apache-2.0
// Packets that the kernel dropped, by pair of workloads.
#include <gtest/gtest.h>

#include "analysis/workload/testing/workload_totals_fixture.h"

namespace netprobe {
namespace {

class WorkloadDrops : public Totals {
 protected:
  explicit WorkloadDrops(WorkloadOptions options = {}) : Totals(std::move(options)) {
    hold("10.1.0.1", IdentityKind::kPod, "shop", "web-1", "web");
    hold("10.1.0.3", IdentityKind::kPod, "data", "db-0", "db");
    hold("192.168.0.1", IdentityKind::kNode, "", "node-1");
    hold("192.168.0.2", IdentityKind::kNode, "", "node-2");
  }
  DropRecord drop(std::string_view src, std::uint16_t src_port, std::string_view dst,
                  std::uint16_t dst_port, std::uint64_t count) {
    DropRecord record;
    record.tuple = {ip(src), ip(dst), src_port, dst_port, kProtoTcp};
    record.has_tuple = true;
    record.reason = "NETFILTER_DROP";
    record.count = count;
    record.first_seen = kBegin;
    record.last_seen = clock_.wall();
    return record;
  }
  void add(std::vector<DropRecord> records) {
    DropReport report;
    report.records = std::move(records);
    totals_.add_drops(report);
  }
};

TEST_F(WorkloadDrops, CountWithTheirPairWhicheverSideSentThem) {
  grow(flow(1, "10.1.0.1", "10.1.0.3", "inter-node"), 3, true);
  add({drop("10.1.0.1", 40000, "10.1.0.3", 80, 2), drop("10.1.0.3", 80, "10.1.0.1", 40000, 3)});
  add({drop("10.1.0.1", 40000, "10.1.0.3", 80, 2), drop("10.1.0.3", 80, "10.1.0.1", 40000, 7)});
  EXPECT_EQ(pair("web", "db").dropped, 9U);
  EXPECT_EQ(pair("web", "db").flows, 1U);
  EXPECT_EQ(totals_.report().pairs.size(), 1U);
}

TEST_F(WorkloadDrops, BeginAPairWhereNoPacketWasSeen) {
  add({drop("10.1.0.3", 80, "10.1.0.1", 40000, 4)});
  EXPECT_EQ(pair("web", "db").dropped, 4U) << "the server has the lower port";
  EXPECT_EQ(pair("web", "db").flows, 0U);
}

TEST_F(WorkloadDrops, OfATunnelsPacketCountForWhoWasInside) {
  DropRecord record = drop("192.168.0.1", 50000, "192.168.0.2", 8472, 5);
  record.inside = DropInside{drop("10.1.0.1", 40000, "10.1.0.3", 80, 0).tuple, Tunnel::kVxlan, 1};
  add({record});
  EXPECT_EQ(pair("web", "db").dropped, 5U);
}

class FewDrops : public WorkloadDrops {
 protected:
  FewDrops() : WorkloadDrops({.max_pairs = 1}) {}
};

TEST_F(FewDrops, AreInOtherWhereThereIsNoRoom) {
  grow(flow(1, "10.1.0.1", "10.1.0.3"), 3, true);
  add({drop("10.1.0.1", 40000, "10.1.0.3", 80, 2), drop("10.1.0.1", 40000, "192.168.0.1", 80, 3)});
  EXPECT_EQ(pair("web", "db").dropped, 2U);
  EXPECT_EQ(pair("~other", "~other").dropped, 3U);
  EXPECT_EQ(totals_.report().folded, 0U) << "of flows";
}

}  // namespace
}  // namespace netprobe
