// SPDX-License-Identifier: Apache-2.0
// Tells of tunnels as an interface meets them, and what each carried.
#include <netprobe/manager.h>

#include <iostream>

#include "example.h"

constexpr const char* kUsage =
    "usage: vxlan_events INTERFACE [--seconds N]\n"
    "Prints a line for each tunnel that is new, and at the end what each carried.\n"
    "INTERFACE is the one that the outer packets pass. Needs root.\n";

namespace {

void print(const netprobe::VxlanEvent& event) {
  std::cout << "new " << event.tunnel << " vni " << event.vni << ' '
            << netprobe::to_string(event.direction) << ' ' << event.outer_source.to_string()
            << " -> " << event.outer_destination.to_string() << " inside "
            << event.inner_source.to_string() << " -> " << event.inner_destination.to_string()
            << " length " << event.packet_length << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = example::arguments(argc, argv, 1, 1, kUsage);
  example::Stopwatch watch(arguments.seconds);

  auto manager = example::value_of(netprobe::Manager::create());
  example::value_of(manager.attach_vxlan_monitor(print));
  example::value_of(manager.attach_network_monitor(arguments.words[0]));
  std::cout << "looking for tunnels at " << arguments.words[0] << std::endl;
  watch.run();

  for (const auto& tunnel : example::value_of(manager.statistics()).tunnels) {
    std::cout << "total " << tunnel.tunnel << " vni " << tunnel.vni << ' '
              << netprobe::to_string(tunnel.direction) << ' ' << tunnel.outer_source.to_string()
              << " -> " << tunnel.outer_destination.to_string() << ": " << tunnel.counters.packets
              << " packets " << tunnel.counters.bytes << " bytes\n";
  }
}
