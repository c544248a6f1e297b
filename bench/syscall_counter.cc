// SPDX-License-Identifier: Apache-2.0
#include "syscall_counter.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace netprobe::bench {
namespace {

constexpr int kSyscallStop = SIGTRAP | 0x80;

/// Stops at system calls from the child's own stop to its end.
int stops_of(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child < 0) return -1;
  if (child == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
    ::kill(::getpid(), SIGSTOP);
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSTOPPED(status)) return -1;
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  int stops = 0;
  for (long signal = 0;;) {
    if (::ptrace(PTRACE_SYSCALL, child, nullptr, signal) != 0) return -1;
    if (::waitpid(child, &status, 0) < 0) return -1;
    if (!WIFSTOPPED(status)) return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? stops : -1;
    signal = WSTOPSIG(status) == kSyscallStop ? 0 : WSTOPSIG(status);
    if (signal == 0) ++stops;
  }
}

}  // namespace

int count_system_calls(const std::function<void()>& work) {
  const int nothing = stops_of([] {});
  const int with_work = stops_of(work);
  // Two stops a call: at its entry and at its exit.
  return nothing < 0 || with_work < 0 ? -1 : (with_work - nothing) / 2;
}

}  // namespace netprobe::bench
