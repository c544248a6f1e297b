// SPDX-License-Identifier: Apache-2.0
#include "worker.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>

namespace netprobe::test {

void Talk::say(const std::string& line) const {
  const std::string text = line + "\n";
  [[maybe_unused]] const auto ignored = ::write(out_.get(), text.data(), text.size());
}

std::string Talk::hear() const {
  std::string line;
  char c = 0;
  while (::read(in_.get(), &c, 1) == 1 && c != '\n') line += c;
  return line;
}

std::optional<Worker> Worker::start(const NetNamespace& ns, const std::string& name,
                                    const Body& body) {
  int down[2];
  int up[2];
  if (::pipe2(down, O_CLOEXEC) != 0 || ::pipe2(up, O_CLOEXEC) != 0) return std::nullopt;
  UniqueFd down_read(down[0]);
  UniqueFd down_write(down[1]);
  UniqueFd up_read(up[0]);
  UniqueFd up_write(up[1]);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return std::nullopt;
  if (pid > 0) return Worker(pid, Talk(std::move(up_read), std::move(down_write)));
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  ::prctl(PR_SET_NAME, name.c_str());
  const UniqueFd fd(::open(ns.path().c_str(), O_RDONLY | O_CLOEXEC));
  if (::setns(fd.get(), CLONE_NEWNET) != 0) ::_exit(1);
  down_write.reset();
  up_read.reset();
  body(Talk(std::move(down_read), std::move(up_write)));
  ::_exit(0);
}

Worker::Worker(Worker&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), talk_(std::move(other.talk_)) {}

Worker::~Worker() { kill(); }

void Worker::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace netprobe::test
