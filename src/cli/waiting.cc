// SPDX-License-Identifier: Apache-2.0
#include "cli/waiting.h"

#include <unistd.h>

#include <chrono>
#include <string>

namespace netprobe {
namespace {

void say(const std::string& text) { (void)!::write(STDERR_FILENO, text.data(), text.size()); }

}  // namespace

Waiting::Waiting(bool terminal) {
  if (terminal) thread_ = std::thread([this] { run(); });
}

Waiting::~Waiting() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Waiting::run() {
  std::unique_lock lock(mutex_);
  for (int seconds = 1;; ++seconds) {
    if (wake_.wait_for(lock, std::chrono::seconds(1), [this] { return done_; })) {
      if (seconds > 1) say("\r\x1b[K");
      return;
    }
    say("\rwaiting for the answer: " + std::to_string(seconds) + " s; Ctrl-C gives up\x1b[K");
  }
}

}  // namespace netprobe
