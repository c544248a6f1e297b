// SPDX-License-Identifier: Apache-2.0
// Counts an interface's packets, and the flows that they are of.
#include <netprobe/manager.h>

#include <iostream>

#include "example.h"

constexpr const char* kUsage =
    "usage: network_monitor INTERFACE [--seconds N]\n"
    "Prints what the interface carries, each second and in sum; then its flows.\n"
    "Needs root.\n";

int main(int argc, char** argv) {
  const auto arguments = example::arguments(argc, argv, 1, 1, kUsage);
  const std::string& name = arguments.words[0];
  example::Stopwatch watch(arguments.seconds);

  auto manager = example::value_of(netprobe::Manager::create());
  example::value_of(manager.attach_network_monitor(name));
  std::cout << "watching " << name << std::endl;

  watch.run([&] {
    const auto statistics = example::value_of(manager.statistics());
    const auto* one = statistics.interface(name);
    if (one == nullptr) return;  // it went away
    std::cout << name << ": in " << one->received_packets_per_second << " packets/s, out "
              << one->sent_packets_per_second << " packets/s" << std::endl;
  });

  const auto statistics = example::value_of(manager.statistics());
  if (const auto* one = statistics.interface(name)) {
    std::cout << "received " << one->received.packets << " packets " << one->received.bytes
              << " bytes, sent " << one->sent.packets << " packets " << one->sent.bytes
              << " bytes, unattributed " << one->unattributed << '\n';
  }
  for (const auto& flow : example::value_of(manager.flows())) {
    std::cout << netprobe::protocol_name(flow.protocol) << ' ' << flow.source.to_string() << ' '
              << flow.source_port << " -> " << flow.destination.to_string() << ' '
              << flow.destination_port << ": " << flow.forward.packets << " packets "
              << flow.forward.bytes << " bytes, back " << flow.reverse.packets << " packets "
              << flow.reverse.bytes << " bytes\n";
  }
  for (const auto& lost : statistics.lost)
    std::cout << "lost: " << lost.stage << ' ' << lost.cause << ' ' << lost.count << '\n';
}
