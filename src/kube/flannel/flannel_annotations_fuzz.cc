// SPDX-License-Identifier: Apache-2.0
// Annotations are what anybody who may write nodes put there. Lines are
// name=value; values may have anything but a line end.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kube/flannel/findings.h"
#include "kube/flannel/report.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace netprobe;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  auto node = std::make_shared<KubeNode>();
  node->meta.name = "a";
  node->pod_cidrs = {*IpPrefix::parse("10.244.2.0/24"), *IpPrefix::parse("fd10::/64")};
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto equals = std::min(line.find('='), line.size());
    node->annotations.emplace_back(
        "flannel.alpha.coreos.com/" + std::string(line.substr(0, equals)),
        line.substr(std::min(equals + 1, line.size())));
  }
  ForwardingState state;
  state.taken_at = 1;
  state.devices = {{.interface = "flannel.1", .ifindex = 5, .kind = "vxlan", .vni = 1}};
  const std::vector<KubeNodePtr> nodes{node};
  const auto report = flannel_report(nodes, "b", state, {}, 0);
  for (const FlannelNode& one : report.nodes) {
    for (const auto& mac : {one.vtep_mac, one.vtep_mac_v6})
      if (!mac.empty() && format_mac(*parse_mac(mac)) != mac) std::abort();
    if (one.error.size() > 100'000 || one.vni > 0xffffff) std::abort();
  }
  return 0;
}
