// SPDX-License-Identifier: Apache-2.0
#include "model/drop_growth.h"

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
    Counters before;
    Counters count;
  };
  std::vector<Sum> sums;
  ++reports_;
  for (const DropRecord& record : report.records) {
    Known& known = known_[{record.tuple, record.inside, record.ifindex, record.netns, record.reason,
                           record.hook, record.location, record.ethertype, record.first_seen}];
    if (known.report != reports_) {
      sums.push_back({&record, known.count, {}});
      known = {{}, reports_, sums.size() - 1};
    }
    known.count += {record.count, record.bytes};
    sums[known.sum].count = known.count;
  }
  boost::unordered::erase_if(known_,
                             [&](const auto& each) { return each.second.report != reports_; });
  for (const Sum& sum : sums) {
    // With less than before it made room for others, and came again.
    const bool again = sum.count.packets < sum.before.packets || sum.count.bytes < sum.before.bytes;
    const Counters before = again ? Counters{} : sum.before;
    if (sum.count.packets > before.packets)
      call(*sum.record, {sum.count.packets - before.packets, sum.count.bytes - before.bytes});
  }
}

}  // namespace netprobe
