// SPDX-License-Identifier: Apache-2.0
// Serves what a Manager counts to Prometheus.
#include <netprobe/manager.h>
#include <netprobe/metrics_server.h>

#include <iostream>

#include "example.h"

constexpr const char* kUsage =
    "usage: metrics_server INTERFACE [--seconds N]\n"
    "Watches the interface and all connections, and serves their metrics on a free\n"
    "port of 127.0.0.1; the first line says which. Needs root.\n";

int main(int argc, char** argv) {
  const auto arguments = example::arguments(argc, argv, 1, 1, kUsage);
  example::Stopwatch watch(arguments.seconds);

  auto manager = example::value_of(netprobe::Manager::create());
  example::value_of(manager.attach_network_monitor(arguments.words[0]));
  example::value_of(manager.attach_socket_monitor());

  netprobe::Collector collector;
  collector.add(manager);
  auto server = example::value_of(
      netprobe::MetricsServer::create(collector, {.address = "127.0.0.1", .port = 0}));
  example::value_of(server.start());
  std::cout << "serving " << server.url() << std::endl;
  watch.run();
}
