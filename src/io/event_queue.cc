// SPDX-License-Identifier: Apache-2.0
#include "io/event_queue.h"

#include <utility>

namespace netprobe {

bool EventQueue::wake() { return std::exchange(asleep_, false); }

void EventQueue::append_notice() {
  auto text = std::make_shared<const std::string>(
      "event: lost\ndata: {\"lost\":" + std::to_string(untold_) + "}\n\n");
  untold_ = 0;
  bytes_ += text->size();
  entries_.push_back({std::move(text), 0});
}

EventQueue::Pushed EventQueue::push(SharedText text, std::uint64_t events) {
  const MutexLock lock(mutex_);
  // Into an empty queue anything goes: what is larger than the bound would
  // otherwise never get through, however fast the client is.
  const bool full = events_ + events > max_events_ || bytes_ + text->size() > max_bytes_;
  if (full && !entries_.empty()) {
    lost_ += events;
    untold_ += events;
    return Pushed::kLost;
  }
  if (untold_ > 0) append_notice();
  events_ += events;
  bytes_ += text->size();
  entries_.push_back({std::move(text), events});
  return wake() ? Pushed::kWake : Pushed::kQueued;
}

bool EventQueue::lose(std::uint64_t events) {
  const MutexLock lock(mutex_);
  lost_ += events;
  untold_ += events;
  return wake();
}

std::vector<SharedText> EventQueue::take(std::size_t max_bytes) {
  const MutexLock lock(mutex_);
  if (entries_.empty() && untold_ > 0) append_notice();
  std::vector<SharedText> taken;
  std::size_t size = 0;
  while (!entries_.empty()) {
    Entry& entry = entries_.front();
    if (!taken.empty() && size + entry.text->size() > max_bytes) break;
    size += entry.text->size();
    events_ -= entry.events;
    bytes_ -= entry.text->size();
    taken.push_back(std::move(entry.text));
    entries_.pop_front();
  }
  asleep_ = taken.empty();
  return taken;
}

std::uint64_t EventQueue::lost() const {
  const MutexLock lock(mutex_);
  return lost_;
}

}  // namespace netprobe
