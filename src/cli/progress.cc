// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>

#include "cli/units.h"

namespace netprobe {
namespace {

constexpr Nanos kRedraw = 200 * kMillisecond;
constexpr std::size_t kCells = 30;

void to_stderr(const std::string& text) {
  // Where progress cannot be shown there is nothing to do about it.
  [[maybe_unused]] const auto done = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

Progress::Progress(const Clock& clock, std::uint64_t total, bool terminal)
    : clock_(clock), total_(total), terminal_(terminal), started_(clock.monotonic()) {}

void Progress::update(std::uint64_t done, std::uint64_t packets) {
  if (!terminal_) return;
  const Nanos now = clock_.monotonic();
  if (now - started_ < kSecond || now - drawn_ < kRedraw) return;
  drawn_ = now;
  to_stderr("\r" + line(done, total_, packets, now - started_) + "\x1b[K");
}

void Progress::clear() {
  if (drawn_ != 0) to_stderr("\r\x1b[K");
  drawn_ = 0;
}

std::string Progress::line(std::uint64_t done, std::uint64_t total, std::uint64_t packets,
                           Nanos elapsed) {
  const std::string count = human_count(static_cast<double>(packets)) + " packets";
  if (total == 0) return count + "  " + human_bytes(static_cast<double>(done));
  const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(kCells));
  const std::string percent = std::to_string(static_cast<int>(part * 100));
  std::string text = "[" + std::string(filled, '#') + std::string(kCells - filled, '.') + "] ";
  text += std::string(3 - percent.size(), ' ') + percent + "%  " + count;
  if (part > 0)
    text += "  " +
            human_duration(static_cast<Nanos>(static_cast<double>(elapsed) * (1 - part) / part)) +
            " left";
  return text;
}

}  // namespace netprobe
