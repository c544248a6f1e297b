// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace netprobe {
namespace {

/// errno, or 0 where everything was written.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto done = ::write(fd, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return 0;
}

}  // namespace

bool Output::flush() {
  if (!closed_) error_ = write_all(STDOUT_FILENO, text_);
  closed_ = closed_ || error_ != 0;
  if (error_ == EPIPE) error_ = 0;
  text_.clear();
  return !closed_;
}

bool wants_colour(int fd, bool no_colour_flag) {
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  return !no_colour_flag && !set("NO_COLOR") && !dumb && ::isatty(fd) == 1;
}

int complain(std::string_view message, int code) {
  std::string line = "netprobe: ";
  line += message;
  line += '\n';
  (void)write_all(STDERR_FILENO, line);
  return code;
}

}  // namespace netprobe
