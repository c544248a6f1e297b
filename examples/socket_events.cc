// SPDX-License-Identifier: Apache-2.0
// Prints each TCP connection of this machine as it is opened, accepted and closed.
#include <netprobe/manager.h>

#include <cstring>
#include <iostream>

#include "example.h"

constexpr const char* kUsage =
    "usage: socket_events [--seconds N]\n"
    "Prints a line for each TCP connection that opens or closes, with its process.\n"
    "Needs root.\n";

namespace {

// On the Manager's own thread for handlers: it may take its time.
void print(const netprobe::SocketEvent& event) {
  std::cout << netprobe::to_string(event.type) << ' ' << event.local.to_string() << ' '
            << event.local_port << ' ' << event.remote.to_string() << ' ' << event.remote_port
            << " pid " << event.pid << " comm " << (event.comm.empty() ? "?" : event.comm)
            << " sent " << event.bytes_sent << " received " << event.bytes_received;
  if (event.error != 0) std::cout << " error " << std::strerror(event.error);
  std::cout << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = example::arguments(argc, argv, 0, 0, kUsage);
  example::Stopwatch watch(arguments.seconds);

  auto manager = example::value_of(netprobe::Manager::create());
  example::value_of(manager.attach_socket_monitor(print));
  std::cout << "listening for connections" << std::endl;
  watch.run();

  const auto statistics = example::value_of(manager.statistics());
  example::value_of(manager.detach_socket_monitor());  // no event from here on
  std::cout << "connects " << statistics.sockets.connects << ", accepts "
            << statistics.sockets.accepts << ", closes " << statistics.sockets.closes << '\n';
}
