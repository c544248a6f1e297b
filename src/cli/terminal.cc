// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <utility>

namespace netprobe {
namespace {

// Alternate screen on and cursor off; and back.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";
constexpr std::array kEnding{SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

// For signal handlers, which have nothing else: set before they are installed.
termios before;
termios raw;

void write_out(std::string_view text) {
  while (!text.empty()) {
    const auto done = ::write(STDOUT_FILENO, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(done));
  }
}

void enter() {
  ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  write_out(kEnter);
}

void leave() {
  write_out(kLeave);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

extern "C" void netprobe_terminal_interrupt(int) {
  leave();
  ::_exit(0);
}

/// SA_RESETHAND: the second time, the signal does what it does.
extern "C" void netprobe_terminal_end(int signal) {
  leave();
  ::raise(signal);
}

extern "C" void netprobe_terminal_stop(int) {
  const int error = errno;
  leave();
  ::raise(SIGSTOP);
  enter();
  errno = error;
}

extern "C" void netprobe_terminal_resize(int) {}  // wakes the poll, no more

void on_signal(int signal, void (*handler)(int), int flags) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

void block_resize(bool on) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGWINCH);
  pthread_sigmask(on ? SIG_BLOCK : SIG_UNBLOCK, &set, nullptr);
}

}  // namespace

Result<Terminal> Terminal::make() {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1)
    return fail("not on a terminal", ErrorKind::kUnsupported);
  if (::tcgetattr(STDIN_FILENO, &before) != 0) return fail_errno("cannot read the terminal's mode");
  raw = before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  on_signal(SIGINT, netprobe_terminal_interrupt, 0);
  for (const int signal : kEnding)
    on_signal(signal, netprobe_terminal_end, static_cast<int>(SA_RESETHAND | SA_NODEFER));
  on_signal(SIGTSTP, netprobe_terminal_stop, 0);
  on_signal(SIGWINCH, netprobe_terminal_resize, 0);
  block_resize(true);
  enter();
  return Terminal();
}

Terminal::Terminal(Terminal&& other) noexcept : owner_(std::exchange(other.owner_, false)) {}

Terminal::~Terminal() {
  if (!owner_) return;
  leave();
  on_signal(SIGINT, SIG_DFL, 0);
  on_signal(SIGTSTP, SIG_DFL, 0);
  on_signal(SIGWINCH, SIG_DFL, 0);
  block_resize(false);
  for (const int signal : kEnding) on_signal(signal, SIG_DFL, 0);
}

TerminalSize Terminal::size() const {
  winsize window{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0)
    return {};
  return {window.ws_col, window.ws_row};
}

void Terminal::draw(std::string_view screen) {
  // Each line clears its rest, the end clears below: no flicker, as a cleared
  // screen would give.
  std::string out = "\x1b[H";
  while (!screen.empty()) {
    const auto end = screen.find('\n');
    out += screen.substr(0, end);
    out += "\x1b[K";
    if (end == std::string_view::npos) break;
    screen.remove_prefix(end + 1);
    if (!screen.empty()) out += "\r\n";
  }
  out += "\x1b[J";
  write_out(out);
}

int Terminal::key(Nanos timeout) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  const timespec most{.tv_sec = timeout / kSecond, .tv_nsec = timeout % kSecond};
  // A new size is only taken while waiting here: one that came between drawing
  // and waiting would be missed until the next refresh.
  sigset_t waiting;
  pthread_sigmask(SIG_SETMASK, nullptr, &waiting);
  sigdelset(&waiting, SIGWINCH);
  const int ready = ::ppoll(&input, 1, &most, &waiting);
  if (ready < 0) return errno == EINTR ? 0 : -1;
  if (ready == 0) return 0;
  char key = 0;
  const auto got = ::read(STDIN_FILENO, &key, 1);
  if (got == 1) return static_cast<unsigned char>(key);
  return got < 0 && errno == EINTR ? 0 : -1;
}

}  // namespace netprobe
