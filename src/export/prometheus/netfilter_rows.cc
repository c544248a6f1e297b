// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/netfilter_rows.h"

#include <map>
#include <tuple>
#include <vector>

namespace netprobe {
namespace {

constexpr std::size_t kMostChains = 100;

void write_hooks(MetricWriter& out, const NetfilterReport& report) {
  std::vector<std::pair<const NetfilterHook*, LabelText>> rows;
  for (const NetfilterHook& hook : report.hooks)
    if (hook.counted || hook.processed.packets > 0)
      rows.emplace_back(&hook, LabelText{{"family", hook.family}, {"hook", hook.hook}});
  out.family(describe(Metric::kNetfilterPackets));
  for (const auto& [hook, labels] : rows) out.sample(labels, hook->processed.packets);
  out.family(describe(Metric::kNetfilterBytes));
  for (const auto& [hook, labels] : rows) out.sample(labels, hook->processed.bytes);
  out.family(describe(Metric::kNetfilterDroppedPackets));
  for (const auto& [hook, labels] : rows) out.sample(labels, hook->dropped);
}

void write_rules(MetricWriter& out, const NetfilterReport& report) {
  using Chain = std::tuple<std::string_view, std::string_view, std::string_view>;
  constexpr std::string_view kOther = "~other";
  std::map<Chain, std::uint64_t> drops;
  for (const NetfilterRule& rule : report.rules) {
    if (!rule.counts_drops) continue;
    Chain chain{rule.family, rule.table, rule.chain};
    if (drops.size() >= kMostChains && !drops.contains(chain)) chain = {kOther, kOther, kOther};
    drops[chain] += rule.counters.packets;
  }
  out.family(describe(Metric::kNetfilterRuleDroppedPackets));
  for (const auto& [chain, packets] : drops)
    out.sample({{"family", std::get<0>(chain)},
                {"table", std::get<1>(chain)},
                {"chain", std::get<2>(chain)}},
               packets);
}

}  // namespace

void write_netfilter(MetricWriter& out, const NetfilterReport& report) {
  write_hooks(out, report);
  write_rules(out, report);
  const ConntrackStats& conntrack = report.conntrack;
  const auto single = [&](Metric metric, std::uint64_t value) {
    out.family(describe(metric));
    if (conntrack.available) out.sample({}, value);
  };
  single(Metric::kConntrackEntries, conntrack.entries);
  single(Metric::kConntrackLimit, conntrack.limit);
  single(Metric::kConntrackNatEntries, conntrack.nat_entries);
  single(Metric::kConntrackInsertFailed, conntrack.insert_failed);
  single(Metric::kConntrackDropped, conntrack.dropped);
  single(Metric::kConntrackEarlyDropped, conntrack.early_dropped);
}

}  // namespace netprobe
