// SPDX-License-Identifier: Apache-2.0
#include "agent/loss_stage.h"

#include <utility>

#include "base/network_namespace.h"

namespace netprobe {
namespace {

// Drops are fetched this often where nobody else asks for them: it makes all
// probes collect. Sooner while something is being lost.
constexpr Nanos kDropInterval = 5 * kSecond;
constexpr Nanos kDropIntervalLosing = 2 * kSecond;

}  // namespace

LossStage::LossStage(FlowTable& table, const LinkWatcher& links, SignalLoop& signals)
    : table_(table), links_(links), signals_(signals), locator_(LossOptions{}, *this) {
  table_.watch_points(&locator_);
  netns_ = own_netns();
}

LossStage::~LossStage() { table_.watch_points(nullptr); }

const LossInterface* LossStage::interface(std::uint32_t ifindex) const {
  const auto found = around_.find(ifindex);
  return found == around_.end() ? nullptr : &found->second.interface;
}

bool LossStage::is_local(const IpAddress& address) const { return links_.is_local(address); }

void LossStage::look_around(Nanos now, const CountersOf& counters) {
  unwatched_ = 0;
  boost::unordered::erase_if(
      around_, [this](const auto& each) { return !links_.links().contains(each.first); });
  for (const auto& [ifindex, link] : links_.links()) {
    const bool is_new = !around_.contains(ifindex);
    Known& known = around_[ifindex];
    LossInterface& to = known.interface;
    to.name = link.name;
    to.role = link.role;
    to.bridge = link.kind == "bridge";
    if (!is_new && to.master != link.master) to.disturbed = {now, now};  // other ways from here on
    to.master = link.master;
    const auto watched = watched_.find(ifindex);
    to.watched_since = watched == watched_.end() ? 0 : watched->second;
    if (to.watched_since == 0) {
      // What leaves by loopback comes back by it: nothing gets away there.
      unwatched_ += link.up && link.role != Role::kLoopback ? 1 : 0;
      continue;
    }
    for (const auto direction : {Direction::kIngress, Direction::kEgress}) {
      const auto i = static_cast<std::size_t>(direction);
      const DeviceCounters now_counted = counters(ifindex, direction);
      const std::uint64_t lost =
          now_counted.unattributed[static_cast<std::size_t>(Unattributed::kCacheFull)] +
          now_counted.inner_unattributed;
      if (std::exchange(known.unattributed[i], lost) != lost) to.disturbed[i] = now;
    }
  }
}

void LossStage::pass(Nanos now, Nanos wall, const CountersOf& counters) {
  look_around(now, counters);
  locator_.begin_pass(now, wall);
  table_.take_points();
  for (const FlowTuple& tuple : locator_.take_wanted()) (void)table_.find_points(tuple);
  locator_.end_pass();
  SignalsPtr signals;
  {
    const MutexLock lock(mail_->mutex);
    signals = std::exchange(mail_->signals, nullptr);
  }
  if (signals) on_signals(signals);
  ask_for_drops(now);
  for (const auto& grown : locator_.take_grown()) (void)table_.touch(grown.tuple, grown.flow_id);
}

void LossStage::on_signals(const SignalsPtr& signals) {
  if (signals->sequence <= newest_drops_) return;
  newest_drops_ = signals->sequence;
  locator_.on_drops(signals->drops);
}

void LossStage::ask_for_drops(Nanos now) {
  const Nanos interval = locator_.losing() ? kDropIntervalLosing : kDropInterval;
  if (now < last_question_ + interval) return;
  last_question_ = now;
  signals_.request(interval, [mail = mail_](const SignalsPtr& signals) {
    const MutexLock lock(mail->mutex);
    mail->signals = signals;
  });
}

}  // namespace netprobe
