// SPDX-License-Identifier: Apache-2.0
#include "detect/exhaustion/slow_group.h"

#include <algorithm>

namespace netprobe {

void SlowGroup::add(std::uint64_t look, std::uint64_t flow_id, const SlowConnection& connection,
                    bool of_service) {
  if (look_ != look) {
    look_ = look;
    count_ = 0;
    samples_ = 0;
    oldest_ = connection.opened();
    if (of_service) {
      sources_.clear();
      source_count_.clear();
    }
  }
  ++count_;
  oldest_ = std::min(oldest_, connection.opened());
  if (samples_ < kSamples) flow_ids_.at(samples_++) = flow_id;
  if (!of_service) return;
  sources_.add(connection.client());
  source_count_.add(keyed_hash(connection.client()));
}

bool SlowGroup::end_look(std::uint64_t look, std::uint32_t threshold, std::uint32_t over_seconds,
                         Micros now) {
  if (look_ != look) {
    count_ = 0;
    samples_ = 0;
  }
  if (!on_) {
    if (count_ < threshold) return count_ > 0;
    on_ = true;
    calm_ = 0;
    first_seen_ = std::min<Micros>(Micros{oldest_} * 1'000'000, now);
    return true;
  }
  calm_ = count_ < (threshold + 1) / 2 ? calm_ + 1 : 0;
  if (calm_ >= over_seconds) on_ = false;
  return on_ || count_ > 0;
}

}  // namespace netprobe
