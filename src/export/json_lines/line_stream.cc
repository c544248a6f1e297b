// SPDX-License-Identifier: Apache-2.0
#include "export/json_lines/line_stream.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace netprobe {
namespace {

// How soon stop() is seen.
constexpr int kSliceMillis = 50;

}  // namespace

std::size_t LineStream::push(std::string_view text, Nanos deadline, std::string& problem) {
  std::size_t done = 0;
  while (done < text.size()) {
    pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
    const int count = ::poll(&ready, 1, kSliceMillis);
    if (stopping_ || clock_.monotonic() > deadline) {
      problem = "standard output takes nothing: who reads it is slow";
      return done;
    }
    if (count <= 0) continue;
    // A pipe that is ready has room for so much, and does not hold us up.
    const std::size_t piece = std::min<std::size_t>(text.size() - done, PIPE_BUF);
    const ssize_t written = ::write(fd_, text.data() + done, piece);
    if (written >= 0) {
      done += static_cast<std::size_t>(written);
    } else if (errno != EINTR && errno != EAGAIN) {
      problem = errno == EPIPE
                    ? "nobody reads standard output any more"
                    : std::string("cannot write standard output: ") + std::strerror(errno);
      return done;
    }
  }
  return done;
}

LineStream::Written LineStream::write(const LineBuffer& lines) {
  Written written;
  const Nanos deadline = clock_.monotonic() + timeout_;
  rest_.erase(0, push(rest_, deadline, written.problem));
  if (!rest_.empty()) return written;
  const std::string_view text = lines.text();
  const std::size_t done = push(text, deadline, written.problem);
  written.lines = lines.lines_in(done);
  // A line that was begun will be ended: to send it again would leave half of it.
  if (done > lines.end_of_lines(written.lines)) {
    ++written.lines;
    rest_ = text.substr(done, lines.end_of_lines(written.lines) - done);
  }
  return written;
}

}  // namespace netprobe
