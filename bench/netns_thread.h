// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sched.h>

#include <thread>
#include <utility>

#include "base/unique_fd.h"
#include "support/netns.h"

namespace netprobe::bench {

/// A thread that works in a namespace; the caller stays where it is. False of
/// `entered` means that it could not enter, and did nothing.
template <typename Work>
[[nodiscard]] std::thread thread_in(const test::NetNamespace& ns, bool& entered, Work work) {
  return std::thread([path = ns.path(), &entered, work = std::move(work)] {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    entered = ::setns(fd.get(), CLONE_NEWNET) == 0;
    if (entered) work();
  });
}

/// The same, waiting for its end.
template <typename Work>
bool run_in(const test::NetNamespace& ns, Work work) {
  bool entered = false;
  thread_in(ns, entered, std::move(work)).join();
  return entered;
}

}  // namespace netprobe::bench
