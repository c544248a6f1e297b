// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "analysis/workload/workload_totals.h"

namespace netprobe {

inline constexpr Nanos kBegin = 1'000'000 * kSecond;

/// Sums over flows of a made-up cluster: who has which address is in `holders`.
class Totals : public testing::Test {
 protected:
  explicit Totals(WorkloadOptions options = {})
      : clock_(kBegin), totals_(std::move(options), [this](Flow& flow) { name(flow); }, clock_) {}

  static IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }
  void hold(std::string_view address, IdentityKind kind, std::string name_space, std::string name,
            std::string workload = {}) {
    auto identity = std::make_shared<Identity>();
    identity->kind = kind;
    identity->name_space = std::move(name_space);
    identity->name = std::move(name);
    identity->workload_kind = workload.empty() ? "" : "Deployment";
    identity->workload = std::move(workload);
    holders_[ip(address)] = std::move(identity);
  }
  void name(Flow& flow) {
    ++named_;
    const auto of = [&](const IpAddress& address) {
      const auto found = holders_.find(address);
      return found == holders_.end() ? nullptr : found->second;
    };
    flow.src_identity = of(flow.tuple.src);
    if (const auto dst = of(flow.tuple.dst); dst && dst->kind == IdentityKind::kService)
      flow.service = dst;
    flow.dst_identity = of(flow.nat ? flow.translated.dst : flow.tuple.dst);
    if (flow.dst_identity == flow.service) flow.dst_identity = nullptr;
  }
  Flow flow(std::uint64_t id, std::string_view src, std::string_view dst,
            std::string_view direction = "intra-node") {
    Flow flow;
    flow.id = id;
    flow.tuple = {ip(src), ip(dst), 40000, 80, kProtoTcp};
    flow.direction = direction;
    flow.first_seen = clock_.wall();
    return flow;
  }
  bool grow(const Flow& flow, std::uint64_t packets, bool first, bool last = false) {
    return totals_.on_growth(
        {flow, {packets, packets * 100}, {packets * 2, packets * 200}, {}, {}, first, last, false});
  }
  /// The only pair between two of these names.
  WorkloadPair pair(std::string_view src, std::string_view dst) {
    WorkloadPair result;
    int found = 0;
    for (const WorkloadPair& each : totals_.report().pairs) {
      if (each.src.name != src || each.dst.name != dst) continue;
      result = each;
      ++found;
    }
    EXPECT_EQ(found, 1) << src << " to " << dst;
    return result;
  }
  WorkloadFlows workload(std::string_view name) {
    for (const WorkloadFlows& each : totals_.report().workloads)
      if (each.workload.name == name) return each;
    return {};
  }

  ManualClock clock_;
  std::map<IpAddress, IdentityPtr> holders_;
  int named_ = 0;
  WorkloadTotals totals_;
};

}  // namespace netprobe
