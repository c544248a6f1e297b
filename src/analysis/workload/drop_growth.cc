// SPDX-License-Identifier: Apache-2.0
#include "analysis/workload/drop_growth.h"

#include "model/tuple_key.h"

namespace netprobe {

std::size_t DropGrowth::KeyHash::operator()(const Key& key) const {
  std::size_t hash = TupleHash{}(key.tuple);
  const auto mix = [&](std::size_t more) { hash = (hash ^ more) * 0x9e3779b97f4a7c15; };
  if (key.inside) mix(TupleHash{}(key.inside->tuple));
  mix(key.ifindex);
  mix(key.netns);
  for (const std::string* text : {&key.reason, &key.hook, &key.location})
    mix(std::hash<std::string>{}(*text));
  return hash;
}

void DropGrowth::update(const DropReport& report, const Call& call) {
  ++reports_;
  for (const DropRecord& record : report.records) {
    if (!record.has_tuple) continue;
    Known& known = known_[{record.tuple, record.inside, record.ifindex, record.netns, record.reason,
                           record.hook, record.location}];
    // It made room for others, and came again.
    if (known.first_seen != record.first_seen || record.count < known.count) known.count = 0;
    const std::uint64_t more = record.count - known.count;
    known = {record.count, record.first_seen, reports_};
    if (more > 0) call(record, more);
  }
  boost::unordered::erase_if(known_,
                             [&](const auto& each) { return each.second.report != reports_; });
}

}  // namespace netprobe
