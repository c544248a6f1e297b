// SPDX-License-Identifier: Apache-2.0
// What all examples share: arguments, errors, and waiting for the end.
#pragma once

#include <netprobe/types.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace example {

struct Arguments {
  std::vector<std::string> words;  ///< those that are no option
  int seconds = 0;                 ///< --seconds=N; 0: until SIGINT or SIGTERM
};

/// Ends the program with `usage` where it was asked for or an option is wrong.
inline Arguments arguments(int argc, char** argv, std::size_t least, std::size_t most,
                           const char* usage) {
  Arguments result;
  const auto end = [usage](int code) {
    (code == 0 ? std::cout : std::cerr) << usage;
    std::exit(code);
  };
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (word == "--help" || word == "-h") end(0);
    if (word == "--seconds" && i + 1 < argc) {
      word = argv[++i];
    } else if (word.starts_with("--seconds=")) {
      word.remove_prefix(10);
    } else {
      if (word.starts_with("--")) end(2);
      result.words.emplace_back(word);
      continue;
    }
    const auto [last, error] =
        std::from_chars(word.data(), word.data() + word.size(), result.seconds);
    if (error != std::errc{} || last != word.data() + word.size() || result.seconds < 1) end(2);
  }
  if (result.words.size() < least || result.words.size() > most) end(2);
  return result;
}

/// The value, or the end of the program with one line that says why.
template <typename T>
T value_of(netprobe::Result<T> result) {
  if (!result) {
    std::cerr << "error: " << result.error().message << '\n';
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// Waits for SIGINT, SIGTERM or the end of --seconds, and does something each
/// second until then.
class Stopwatch {
 public:
  /// Before any thread starts: they all leave these signals alone.
  explicit Stopwatch(int seconds) : left_(seconds > 0 ? seconds : -1) {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }

  template <typename Each>
  void run(Each each_second) {
    while (left_ != 0) {
      const timespec second{.tv_sec = 1, .tv_nsec = 0};
      if (sigtimedwait(&signals_, nullptr, &second) > 0) return;
      if (left_ > 0) --left_;
      each_second();
    }
  }
  void run() {
    run([] {});
  }

 private:
  sigset_t signals_{};
  int left_;
};

}  // namespace example
