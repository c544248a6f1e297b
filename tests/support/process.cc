// SPDX-License-Identifier: Apache-2.0
#include "support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <map>
#include <sstream>

namespace netprobe::test {
namespace {

constexpr Nanos kPollEvery = 20 * kMillisecond;

std::string content_of(const UniqueFd& fd) {
  std::string text;
  std::array<char, 16'384> buffer{};
  for (;;) {
    const ssize_t got =
        ::pread(fd.get(), buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

std::string joined(const std::vector<std::string>& arguments) {
  std::string text;
  for (const auto& argument : arguments) text += (text.empty() ? "" : " ") + argument;
  return text;
}

/// The parent's environment with additions, as execve wants it.
std::vector<std::string> environment_of(const ProcessOptions& options) {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equal = text.find('=');
    if (equal != std::string_view::npos)
      all[std::string(text.substr(0, equal))] = text.substr(equal + 1);
  }
  for (const auto& [name, value] : options.environment) all[name] = value;
  std::vector<std::string> out;
  out.reserve(all.size());
  for (const auto& [name, value] : all) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (auto& string : strings) out.push_back(string.data());
  out.push_back(nullptr);
  return out;
}

/// In the child, between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(char* const* arguments, char* const* environment, const char* directory,
                         int out, int err) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0 || ::dup2(null, STDIN_FILENO) < 0 || ::dup2(out, STDOUT_FILENO) < 0 ||
      ::dup2(err, STDERR_FILENO) < 0 || (*directory != '\0' && ::chdir(directory) != 0))
    ::_exit(126);
  ::execvpe(arguments[0], arguments, environment);
  ::_exit(127);
}

}  // namespace

Result<Process> Process::start(std::vector<std::string> arguments, const ProcessOptions& options) {
  if (arguments.empty()) return fail("no program to start");
  Process process;
  process.out_.reset(::memfd_create("stdout", MFD_CLOEXEC));
  process.err_.reset(::memfd_create("stderr", MFD_CLOEXEC));
  if (!process.out_ || !process.err_) return fail_errno("memfd_create");
  auto environment = environment_of(options);
  const auto argument_pointers = pointers_to(arguments);
  const auto environment_pointers = pointers_to(environment);
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("fork");
  if (pid == 0)
    become(argument_pointers.data(), environment_pointers.data(), options.directory.c_str(),
           process.out_.get(), process.err_.get());
  process.pid_ = pid;
  process.pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process.pidfd_) return fail_errno("pidfd_open");
  return process;
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this == &other) return *this;
  kill_and_reap();
  pid_ = std::exchange(other.pid_, -1);
  pidfd_ = std::move(other.pidfd_);
  out_ = std::move(other.out_);
  err_ = std::move(other.err_);
  return *this;
}

Process::~Process() { kill_and_reap(); }

void Process::kill_and_reap() noexcept {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

bool Process::running() const {
  if (pid_ <= 0) return false;
  pollfd waiting{pidfd_.get(), POLLIN, 0};
  return ::poll(&waiting, 1, 0) == 0;
}

Status Process::send_signal(int signal) const {
  if (pid_ <= 0) return fail("the process has ended");
  if (::kill(pid_, signal) != 0) return fail_errno("kill");
  return {};
}

Result<Finished> Process::wait(Nanos timeout) {
  if (pid_ <= 0) return fail("the process was waited for already");
  pollfd waiting{pidfd_.get(), POLLIN, 0};
  const int ready = ::poll(&waiting, 1, static_cast<int>(timeout / kMillisecond));
  if (ready < 0) return fail_errno("poll");
  if (ready == 0) return fail("it has not ended in time; standard error so far: " + err());
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) return fail_errno("waitpid");
  pid_ = -1;
  Finished finished{.out = out(), .err = err()};
  if (WIFEXITED(status)) finished.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) finished.signal = WTERMSIG(status);
  return finished;
}

Result<Finished> Process::stop(Nanos timeout) {
  if (const auto sent = send_signal(SIGTERM); !sent) return std::unexpected(sent.error());
  auto finished = wait(timeout);
  if (finished) return finished;
  if (const auto sent = send_signal(SIGKILL); !sent) return std::unexpected(sent.error());
  return wait(timeout);
}

Status Process::wait_for_output(std::string_view text, Nanos timeout) const {
  for (Nanos waited = 0;; waited += kPollEvery) {
    const bool alive = running();
    if (out().find(text) != std::string::npos || err().find(text) != std::string::npos) return {};
    if (!alive || waited >= timeout)
      return fail((alive ? "no '" : "ended without '") + std::string(text) +
                  "' in its output: " + out() + err());
    ::usleep(static_cast<useconds_t>(kPollEvery / kMicrosecond));
  }
}

std::string Process::out() const { return content_of(out_); }
std::string Process::err() const { return content_of(err_); }

Result<Finished> run(std::vector<std::string> arguments, Nanos timeout,
                     const ProcessOptions& options) {
  auto process = Process::start(std::move(arguments), options);
  if (!process) return std::unexpected(process.error());
  return process->wait(timeout);
}

Result<std::string> run_ok(std::vector<std::string> arguments, Nanos timeout,
                           const ProcessOptions& options) {
  const std::string command = joined(arguments);
  auto finished = run(std::move(arguments), timeout, options);
  if (!finished) return fail(command + ": " + finished.error().message);
  if (!finished->ok())
    return fail(command + ": exit code " + std::to_string(finished->exit_code) + ": " +
                finished->err + finished->out);
  return std::move(finished->out);
}

bool have_program(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (::access((folder + "/" + std::string(name)).c_str(), X_OK) == 0) return true;
  return false;
}

}  // namespace netprobe::test
