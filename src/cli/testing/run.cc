// SPDX-License-Identifier: Apache-2.0
#include "cli/testing/run.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/unique_fd.h"

namespace netprobe::testing {
namespace {

/// A file without a name: no pipe to fill up, nothing to remove.
class Scratch {
 public:
  Scratch() : file_(std::tmpfile()) {
    if (file_ == nullptr) std::abort();
  }
  explicit Scratch(const std::string& text) : Scratch() {
    std::fwrite(text.data(), 1, text.size(), file_);
    std::rewind(file_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::fclose(file_); }
  [[nodiscard]] int fd() const { return ::fileno(file_); }
  [[nodiscard]] std::string text() const {
    std::rewind(file_);
    std::string text;
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof(buffer), file_)) > 0;)
      text.append(buffer, got);
    return text;
  }

 private:
  std::FILE* file_;
};

RunResult run(std::vector<std::string> words, const std::string& input) {
  const Scratch in(input);
  const Scratch out;
  const Scratch err;
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(in.fd(), STDIN_FILENO);
    ::dup2(out.fd(), STDOUT_FILENO);
    ::dup2(err.fd(), STDERR_FILENO);
    ::unsetenv("NETPROBE_AGENT");
    ::setenv("NETPROBE", NETPROBE_BINARY, 1);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {code, out.text(), err.text()};
}

}  // namespace

RunResult run_netprobe(const std::vector<std::string>& arguments, const std::string& input) {
  std::vector<std::string> words{NETPROBE_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run(std::move(words), input);
}

RunResult run_shell(const std::string& command) { return run({"/bin/bash", "-c", command}, ""); }

}  // namespace netprobe::testing
