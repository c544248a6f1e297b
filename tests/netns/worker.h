// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "support/netns.h"

namespace netprobe::test {

/// What a worker and its test say to each other: lines of text.
class Talk {
 public:
  Talk(UniqueFd in, UniqueFd out) : in_(std::move(in)), out_(std::move(out)) {}
  void say(const std::string& line) const;
  /// Waits for a line; empty where the other side is gone.
  [[nodiscard]] std::string hear() const;

 private:
  UniqueFd in_;
  UniqueFd out_;
};

/// A process of its own, with a name, in a network namespace: it runs a
/// function and ends. Killed with this object at the latest.
class Worker {
 public:
  using Body = std::function<void(const Talk&)>;
  /// `name`: at most 15 characters. The body uses nothing but system calls and
  /// memory: the process is a fork of a test.
  [[nodiscard]] static std::optional<Worker> start(const NetNamespace& ns, const std::string& name,
                                                   const Body& body);
  Worker(Worker&& other) noexcept;
  Worker& operator=(Worker&&) = delete;
  ~Worker();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const Talk& talk() const { return talk_; }
  /// SIGKILL, and until it is gone.
  void kill();

 private:
  Worker(pid_t pid, Talk talk) : pid_(pid), talk_(std::move(talk)) {}
  pid_t pid_;
  Talk talk_;
};

}  // namespace netprobe::test
