// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace netprobe::test {

/// How a child ended and what it had written.
struct Finished {
  int exit_code = -1;  ///< -1 where a signal ended it
  int signal = 0;      ///< that ended it; 0 without
  std::string out;
  std::string err;

  [[nodiscard]] bool ok() const { return exit_code == 0; }
};

struct ProcessOptions {
  std::vector<std::pair<std::string, std::string>> environment;  ///< added to the parent's
  std::string directory;                                         ///< to run in; empty: the parent's
};

/// A child process. What it writes goes to memory files, so that a chatty child
/// never blocks and its output can be read while it runs. It dies with the
/// test: killed by the destructor, and by the kernel if the test crashes.
class Process {
 public:
  /// `arguments[0]` is looked up in PATH.
  [[nodiscard]] static Result<Process> start(std::vector<std::string> arguments,
                                             const ProcessOptions& options = {});
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running() const;
  [[nodiscard]] Status send_signal(int signal) const;
  /// Waits for its end; an error if it has not ended in time (it goes on).
  [[nodiscard]] Result<Finished> wait(Nanos timeout);
  /// SIGTERM, then SIGKILL if it has not ended in time.
  [[nodiscard]] Result<Finished> stop(Nanos timeout = 10 * kSecond);
  /// Waits until standard output or error has `text`; an error that shows what
  /// there is instead if that does not come in time or the child ends first.
  [[nodiscard]] Status wait_for_output(std::string_view text, Nanos timeout) const;
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;

 private:
  Process() = default;
  void kill_and_reap() noexcept;

  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd out_;
  UniqueFd err_;
};

/// Starts, waits and hands over what came of it.
[[nodiscard]] Result<Finished> run(std::vector<std::string> arguments, Nanos timeout = 60 * kSecond,
                                   const ProcessOptions& options = {});
/// The same, and an error with what it wrote where the exit code is not 0.
[[nodiscard]] Result<std::string> run_ok(std::vector<std::string> arguments,
                                         Nanos timeout = 60 * kSecond,
                                         const ProcessOptions& options = {});
/// Is there such a program in PATH?
[[nodiscard]] bool have_program(std::string_view name);

}  // namespace netprobe::test
