// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sched.h>

#include <optional>
#include <thread>
#include <utility>

#include "base/unique_fd.h"
#include "support/netns.h"

namespace netprobe::test {

/// Runs `work(entered)` on a thread in a namespace; the caller stays where it is.
template <typename Work>
std::thread thread_in(const NetNamespace& ns, Work work) {
  return std::thread([path = ns.path(), work = std::move(work)]() mutable {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    work(::setns(fd.get(), CLONE_NEWNET) == 0);
  });
}

/// The same; false of `entered` means that it could not enter, and did nothing.
template <typename Work>
[[nodiscard]] std::thread thread_in(const NetNamespace& ns, bool& entered, Work work) {
  return thread_in(ns, [&entered, work = std::move(work)](bool in) mutable {
    entered = in;
    if (in) work();
  });
}

/// The same, waiting for its end.
template <typename Work>
bool run_in(const NetNamespace& ns, Work work) {
  bool entered = false;
  thread_in(ns, entered, std::move(work)).join();
  return entered;
}

/// The calling thread stays on one CPU, where one is given.
inline void stay_on(std::optional<unsigned> cpu) {
  if (!cpu) return;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(*cpu, &one);
  (void)::sched_setaffinity(0, sizeof(one), &one);
}

}  // namespace netprobe::test
