// SPDX-License-Identifier: Apache-2.0
#include "agent/allow_sources.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>

namespace netprobe {
namespace {

constexpr unsigned kGatewayFlag = 0x2;  // RTF_GATEWAY of <linux/route.h>
constexpr std::size_t kMostText = 4U << 20U;

/// Words of a line, at most so many.
std::vector<std::string_view> words_of(std::string_view line, std::size_t most) {
  std::vector<std::string_view> words;
  while (words.size() < most) {
    const auto begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) break;
    line.remove_prefix(begin);
    const auto end = std::min(line.find_first_of(" \t\r"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

template <typename Take>
void each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::optional<std::uint32_t> hex_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<IpAddress> hex_address(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = hex_number(text.substr(2 * i, 2));
    if (!byte) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(*byte);
  }
  return IpAddress(bytes);
}

std::string contents(const char* path) {
  std::ifstream in(path);
  std::string text;
  for (char c = 0; text.size() < kMostText && in.get(c);) text += c;
  return text;
}

void append(std::vector<AllowedNetwork>& out, const std::vector<IpAddress>& addresses,
            const std::string& reason) {
  for (const IpAddress& each : addresses)
    if (!each.is_unspecified()) out.push_back({IpPrefix::of(each, 128), reason});
}

bool is_dns(const KubeService& service) {
  // OpenShift's operator has it in a place of its own.
  if (service.meta.name_space == "openshift-dns") return service.meta.name == "dns-default";
  if (service.meta.name_space != "kube-system") return false;
  if (service.meta.name == "kube-dns" || service.meta.name == "coredns") return true;
  return std::ranges::find(service.labels, std::pair<std::string, std::string>(
                                               "k8s-app", "kube-dns")) != service.labels.end();
}

}  // namespace

std::vector<IpAddress> own_addresses() {
  std::vector<IpAddress> own;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return own;
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    if (each->ifa_addr->sa_family == AF_INET) {
      sockaddr_in v4{};
      std::memcpy(&v4, each->ifa_addr, sizeof v4);
      own.push_back(IpAddress::v4(ntohl(v4.sin_addr.s_addr)));
    } else if (each->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 v6{};
      std::memcpy(&v6, each->ifa_addr, sizeof v6);
      own.push_back(IpAddress(std::span<const std::uint8_t, 16>(v6.sin6_addr.s6_addr)));
    }
  }
  ::freeifaddrs(all);
  return own;
}

std::vector<IpAddress> gateways_v4(std::string_view route) {
  std::vector<IpAddress> found;
  each_line(route, [&](std::string_view line) {
    const auto words = words_of(line, 8);  // Iface Destination Gateway Flags … Mask
    if (words.size() < 8) return;
    const auto destination = hex_number(words[1]);
    const auto gateway = hex_number(words[2]);
    const auto flags = hex_number(words[3]);
    const auto mask = hex_number(words[7]);
    if (!destination || !gateway || !flags || !mask) return;
    if (*destination != 0 || *mask != 0 || (*flags & kGatewayFlag) == 0) return;
    found.push_back(IpAddress::v4(ntohl(*gateway)));  // the file has it as it lies in memory
  });
  return found;
}

std::vector<IpAddress> gateways_v6(std::string_view ipv6_route) {
  std::vector<IpAddress> found;
  each_line(ipv6_route, [&](std::string_view line) {
    // destination, its length, source, its length, next hop, metric, …
    const auto words = words_of(line, 5);
    if (words.size() < 5 || words[1] != "00") return;
    const auto destination = hex_address(words[0]);
    const auto next = hex_address(words[4]);
    if (destination && next && destination->is_unspecified() && !next->is_unspecified())
      found.push_back(*next);
  });
  return found;
}

std::vector<IpAddress> name_servers(std::string_view resolv_conf) {
  std::vector<IpAddress> found;
  each_line(resolv_conf, [&](std::string_view line) {
    const auto words = words_of(line, 2);
    if (words.size() < 2 || words[0] != "nameserver") return;
    if (const auto address = IpAddress::parse(words[1].substr(0, words[1].find('%'))))
      found.push_back(*address);
  });
  return found;
}

IpAddress ssh_client(std::string_view variable) {
  const auto words = words_of(variable, 1);
  if (words.empty()) return {};
  const auto address = IpAddress::parse(words[0].substr(0, words[0].find('%')));
  return address ? *address : IpAddress();
}

std::string host_of(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos)
    url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const auto user = url.rfind('@'); user != std::string_view::npos) url.remove_prefix(user + 1);
  if (url.starts_with('[')) return std::string(url.substr(1, url.find(']') - 1));
  // A bare IPv6 address has no port behind it.
  if (url.find(':') != url.rfind(':')) return std::string(url);
  return std::string(url.substr(0, url.find(':')));
}

std::vector<AllowedNetwork> local_allowed() {
  std::vector<AllowedNetwork> out;
  append(out, own_addresses(), "an address of this node");
  append(out, gateways_v4(contents("/proc/net/route")), "a default gateway");
  append(out, gateways_v6(contents("/proc/net/ipv6_route")), "a default gateway");
  append(out, name_servers(contents("/etc/resolv.conf")), "a DNS server of /etc/resolv.conf");
  for (const char* name : {"SSH_CONNECTION", "SSH_CLIENT"})
    if (const char* value = std::getenv(name); value != nullptr)
      append(out, {ssh_client(value)}, "who started the agent over SSH");
  return out;
}

std::vector<AllowedNetwork> cluster_allowed(const KubeView& kube) {
  std::vector<AllowedNetwork> out;
  for (const KubeNodePtr& node : kube.nodes) {
    append(out, node->internal_ips, "node " + node->meta.name);
    append(out, node->external_ips, "node " + node->meta.name);
  }
  const auto add_service = [&](const std::string& name_space, const std::string& name,
                               const std::string& reason) {
    for (const KubeEndpointSlicePtr& slice : kube.endpoint_slices) {
      if (slice->service != name || slice->meta.name_space != name_space) continue;
      for (const KubeEndpoint& each : slice->endpoints) append(out, each.addresses, reason);
    }
  };
  for (const KubeServicePtr& service : kube.services) {
    const bool api = service->meta.name_space == "default" && service->meta.name == "kubernetes";
    if (!api && !is_dns(*service)) continue;
    const std::string reason = api ? "the Kubernetes API server" : "the cluster's DNS";
    append(out, service->cluster_ips, reason);
    add_service(service->meta.name_space, service->meta.name, reason);
  }
  return out;
}

}  // namespace netprobe
