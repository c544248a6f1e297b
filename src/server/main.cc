// SPDX-License-Identifier: Apache-2.0
// netprobe-server: wires what finds, asks and merges a cluster's agents.
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>

#include "base/log.h"
#include "base/version.h"
#include "server/options.h"
#include "server/server.h"

namespace netprobe {
namespace {

int refuse(const Error& error) {
  fmt::print(stderr, "netprobe-server: {}\n", error.message);
  return error.kind == ErrorKind::kUsage ? 2 : 1;
}

int run(int argc, const char* const* argv) {
  // Blocked before any thread starts, so that only sigwait sees them.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  (void)std::signal(SIGPIPE, SIG_IGN);

  const auto options = parse_server_options(argc, argv, environ);
  if (!options) return refuse(options.error());
  if (options->show_help) {
    fmt::print("{}", server_help());
    return 0;
  }
  if (options->show_version) {
    fmt::print("netprobe-server {}\n", kVersion);
    return 0;
  }
  if (auto s = init_log(options->log_format, options->log_level); !s) return refuse(s.error());
  auto server = Server::make(*options);
  if (!server) return refuse(server.error());
  if (auto s = (*server)->start(); !s) return refuse(s.error());
  spdlog::info("look at http://localhost:{}/api/agents and http://localhost:{}/api/flows",
               (*server)->port(), (*server)->port());
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  spdlog::info("ending: {}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
  (*server)->stop();
  return 0;
}

}  // namespace
}  // namespace netprobe

int main(int argc, char** argv) { return netprobe::run(argc, argv); }
