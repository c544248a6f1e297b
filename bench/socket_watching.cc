// SPDX-License-Identifier: Apache-2.0
#include "socket_watching.h"

#include <poll.h>
#include <time.h>

#include <cstdio>

#include <fmt/format.h>

#include "bpf/kernel.h"
#include "cpu_time.h"
#include "probes/socket/socket_probe.h"

namespace netprobe::bench {

std::unique_ptr<Watching> Watching::start(bool reading) {
  const auto kernel = probe_kernel();
  if (!kernel) return nullptr;
  auto watching = std::make_unique<Watching>();
  auto probe = SocketProbe::make({}, *kernel, watching->clock_);
  if (!probe) {
    fmt::print(stderr, "socket_bench: {}\n", probe.error().message);
    return nullptr;
  }
  watching->probe_ = std::move(*probe);
  if (reading) watching->thread_ = std::thread([w = watching.get()] { w->run(); });
  return watching;
}

Watching::~Watching() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

Signals Watching::finish() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  Signals signals;
  probe_->refresh(clock_.monotonic());  // collect() may find the last sweep new enough
  probe_->report(signals);
  signals.probes.push_back(probe_->status());
  return signals;
}

void Watching::run() {
  Nanos next = 0;
  while (!stop_) {
    pollfd wait{probe_->fd(), POLLIN, 0};
    ::poll(&wait, 1, 20);
    const Nanos now = clock_.monotonic();
    probe_->poll(now);
    if (now >= next) {
      probe_->collect(now);
      next = now + kSecond;
    }
    cpu_ = thread_seconds();
  }
}

}  // namespace netprobe::bench
