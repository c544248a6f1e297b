// SPDX-License-Identifier: Apache-2.0
#include "analysis/workload/drop_growth.h"

#include <vector>

#include "model/tuple_key.h"

namespace netprobe {

std::size_t DropGrowth::KeyHash::operator()(const Key& key) const {
  std::size_t hash = TupleHash{}(key.tuple);
  const auto mix = [&](std::size_t more) { hash = (hash ^ more) * 0x9e3779b97f4a7c15; };
  if (key.inside) mix(TupleHash{}(key.inside->tuple));
  mix(key.ifindex);
  mix(key.netns);
  mix(key.ethertype);
  mix(static_cast<std::size_t>(key.first_seen));
  for (const std::string* text : {&key.reason, &key.hook, &key.location})
    mix(std::hash<std::string>{}(*text));
  return hash;
}

void DropGrowth::update(const DropReport& report, const Call& call) {
  struct Sum {
    const DropRecord* record;
    std::uint64_t before;
    std::uint64_t count;
  };
  std::vector<Sum> sums;
  ++reports_;
  for (const DropRecord& record : report.records) {
    if (!record.has_tuple) continue;
    Known& known = known_[{record.tuple, record.inside, record.ifindex, record.netns, record.reason,
                           record.hook, record.location, record.ethertype, record.first_seen}];
    if (known.report != reports_) {
      sums.push_back({&record, known.count, 0});
      known = {0, reports_, sums.size() - 1};
    }
    known.count += record.count;
    sums[known.sum].count = known.count;
  }
  boost::unordered::erase_if(known_,
                             [&](const auto& each) { return each.second.report != reports_; });
  for (const Sum& sum : sums) {
    // With less than before it made room for others, and came again.
    const std::uint64_t before = sum.count < sum.before ? 0 : sum.before;
    if (sum.count > before) call(*sum.record, sum.count - before);
  }
}

}  // namespace netprobe
