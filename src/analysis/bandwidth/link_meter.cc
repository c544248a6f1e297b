// SPDX-License-Identifier: Apache-2.0
#include "analysis/bandwidth/link_meter.h"

#include <algorithm>

namespace netprobe {
namespace {

/// Bits per second; 0 without time.
double rate(std::uint64_t bytes, Nanos time) {
  if (time <= 0) return 0;
  return static_cast<double>(bytes) * 8 * static_cast<double>(kSecond) / static_cast<double>(time);
}

bool is_too_long(Nanos elapsed, Nanos window) {
  return static_cast<double>(elapsed) > static_cast<double>(window) * LinkMeter::kTolerance;
}

}  // namespace

void LinkMeter::set_speed(std::uint64_t speed) {
  if (speed != speed_) in_burst_ = false;
  speed_ = speed;
  use_.speed = speed;
}

void LinkMeter::restart(std::uint64_t bytes, Nanos now) {
  first_ = next_ = cursor_100ms_ = cursor_1s_ = cursor_burst_ = 0;
  in_burst_ = false;
  moved_ = 0;
  append(bytes, now);
  interval_ = {now, bytes};
  has_interval_ = true;
}

void LinkMeter::append(std::uint64_t bytes, Nanos now) {
  if (ring_.empty()) ring_.resize(kSamples);
  if (next_ - first_ == kSamples) ++first_;
  ring_[next_ % kSamples] = {now, bytes};
  ++next_;
}

void LinkMeter::sample(std::uint64_t bytes, Nanos now) {
  if (next_ == first_ || bytes < at(next_ - 1).bytes) {
    last_look_ = now;
    restart(bytes, now);
    return;
  }
  if (now <= last_look_) return;
  last_look_ = now;
  const Sample before = at(next_ - 1);
  if (bytes != before.bytes) moved_ = now;
  // While nothing moves two samples say it all: where that began, where it is.
  const bool still = bytes == before.bytes && next_ - first_ >= 2 && at(next_ - 2).bytes == bytes;
  if (still)
    ring_[(next_ - 1) % kSamples].time = now;
  else
    append(bytes, now);
  // Without movement in the last second there is nothing to measure.
  if (active() || in_burst_) watch_burst(before, {now, bytes});
  if (!active()) return;
  measure_window(kWindow100ms, cursor_100ms_, peak_100ms_);
  measure_window(kWindow1s, cursor_1s_, peak_1s_);
}

LinkMeter::Start LinkMeter::start_of(Nanos time, std::size_t& cursor) const {
  cursor = std::max(cursor, first_);
  if (at(cursor).time > time) {
    // Only after the newest sample's time was moved on: look from the front.
    cursor = first_;
    if (at(cursor).time > time) return {};
  }
  while (cursor + 1 < next_ && at(cursor + 1).time <= time) ++cursor;
  const Sample& sample = at(cursor);
  // Between two equal samples the counter stood still: known to the moment.
  const bool still = cursor + 1 < next_ && at(cursor + 1).bytes == sample.bytes;
  return {still ? time : sample.time, sample.bytes, true};
}

void LinkMeter::measure_window(Nanos length, std::size_t& cursor, double& peak) {
  const Sample& end = at(next_ - 1);
  const Start start = start_of(end.time - length, cursor);
  if (!start.known || start.bytes == end.bytes) return;
  const Nanos elapsed = end.time - start.time;
  if (is_too_long(elapsed, length)) {
    ++use_.unmeasured_windows;
    return;
  }
  peak = std::max(peak, rate(end.bytes - start.bytes, elapsed));
}

void LinkMeter::watch_burst(const Sample& before, const Sample& now) {
  if (speed_ == 0) return;
  const auto speed = static_cast<double>(speed_);
  // However long the sample: an average that high has a moment that high.
  const bool high = rate(now.bytes - before.bytes, now.time - before.time) >= kBurst * speed;
  if (in_burst_ && !high && second_was_quiet()) ++use_.microbursts;
  in_burst_ = high;
}

/// Of the second that ended with the sample before the newest, the burst's
/// last: was it below kQuiet? Unknown is no.
bool LinkMeter::second_was_quiet() {
  const Sample& end = at(next_ - 2);
  const Start start = start_of(end.time - kWindow1s, cursor_burst_);
  const Nanos elapsed = end.time - start.time;
  if (!start.known || is_too_long(elapsed, kWindow1s)) return false;
  return rate(end.bytes - start.bytes, elapsed) < kQuiet * static_cast<double>(speed_);
}

void LinkMeter::close_interval() {
  if (next_ == first_) return;
  const Sample& end = at(next_ - 1);
  const bool whole = has_interval_ && end.time > interval_.time;
  const double used = whole ? rate(end.bytes - interval_.bytes, end.time - interval_.time) : 0;
  use_.utilisation = speed_ == 0 ? 0 : used / static_cast<double>(speed_);
  use_.peak_100ms = peak_100ms_;
  use_.peak_1s = peak_1s_;
  peak_100ms_ = peak_1s_ = 0;
  interval_ = end;
}

}  // namespace netprobe
