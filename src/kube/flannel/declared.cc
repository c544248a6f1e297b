// SPDX-License-Identifier: Apache-2.0
#include "kube/flannel/declared.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

namespace netprobe {
namespace {

constexpr std::string_view kPrefix = "flannel.alpha.coreos.com/";
constexpr std::size_t kMaxAnnotation = 4096;
constexpr std::size_t kMaxQuoted = 64;
constexpr std::uint64_t kMaxVni = 0xffffff;

std::string quoted(std::string_view text) {
  return fmt::format("'{}{}'", text.substr(0, kMaxQuoted), text.size() > kMaxQuoted ? "…" : "");
}

void complain(FlannelNode& node, const std::string& what) {
  if (!node.error.empty()) node.error += "; ";
  node.error += what;
}

/// "4E:70:0:…" as it is compared: six pairs of lower-case digits. Empty where
/// it is none.
std::string normal_mac(std::string_view text) {
  if (text.size() != 17) return {};
  std::string mac(text);
  for (std::size_t i = 0; i < mac.size(); ++i) {
    char& c = mac[i];
    if (i % 3 == 2) {
      if (c != ':' && c != '-') return {};
      c = ':';
      continue;
    }
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return {};
  }
  return mac;
}

/// {"VNI":1,"VtepMAC":"…"}; other backends have other fields, or null.
void read_backend_data(simdjson::dom::parser& parser, std::string_view name, std::string_view text,
                       FlannelNode& node, std::uint32_t& vni, std::string& vtep_mac) {
  if (text.empty()) return;
  simdjson::dom::element data;
  if (parser.parse(text.data(), text.size()).get(data) != simdjson::SUCCESS)
    return complain(node, fmt::format("{} is not JSON: {}", name, quoted(text)));
  if (data.is_null()) return;
  if (!data.is_object())
    return complain(node, fmt::format("{} is not an object: {}", name, quoted(text)));
  if (simdjson::dom::element field; data["VNI"].get(field) == simdjson::SUCCESS) {
    std::uint64_t value = 0;
    if (field.get(value) == simdjson::SUCCESS && value <= kMaxVni)
      vni = static_cast<std::uint32_t>(value);
    else
      complain(node, fmt::format("VNI in {} is not a number from 0 to {}: {}", name, kMaxVni,
                                 quoted(text)));
  }
  if (simdjson::dom::element field; data["VtepMAC"].get(field) == simdjson::SUCCESS) {
    std::string_view value;
    if (field.get(value) == simdjson::SUCCESS) vtep_mac = normal_mac(value);
    if (vtep_mac.empty())
      complain(node, fmt::format("VtepMAC in {} is not a MAC address: {}", name, quoted(text)));
  }
}

void read_address(std::string_view name, std::string_view text, bool v4, FlannelNode& node,
                  IpAddress& address) {
  if (text.empty()) return;
  const auto parsed = IpAddress::parse(text.substr(0, kMaxQuoted));
  if (!parsed || text.size() > kMaxQuoted || parsed->is_v4() != v4)
    return complain(
        node, fmt::format("{} is not an {} address: {}", name, v4 ? "IPv4" : "IPv6", quoted(text)));
  // Flannel writes the zero address where it has none of this family.
  if (*parsed != IpAddress::v4(0)) address = *parsed;
}

class Reader {
 public:
  FlannelNode read(const KubeNode& from) {
    FlannelNode node;
    node.node = from.meta.name;
    if (!from.internal_ips.empty()) node.internal_ip = from.internal_ips.front();
    node.pod_cidrs = from.pod_cidrs;
    for (const auto& [key, value] : from.annotations)
      if (key.starts_with(kPrefix)) read(std::string_view(key).substr(kPrefix.size()), value, node);
    if (node.backend_type.empty() && node.error.empty())
      complain(node, "backend-type is missing: flanneld has not registered this node");
    if (node.backend_type == "vxlan" && node.vtep_mac.empty() && node.vtep_mac_v6.empty() &&
        node.error.empty())
      complain(node, "the backend is vxlan, but there is no VtepMAC in backend-data");
    return node;
  }

 private:
  void read(std::string_view name, std::string_view text, FlannelNode& node) {
    if (text.size() > kMaxAnnotation) {
      // Its name may be as long.
      return complain(node, fmt::format("{} is {} bytes long: at most {} are read",
                                        name.substr(0, kMaxQuoted), text.size(), kMaxAnnotation));
    }
    if (name == "backend-type") {
      if (text.size() > kMaxQuoted)
        complain(node, fmt::format("backend-type is none: {}", quoted(text)));
      else
        node.backend_type = text;
    } else if (name == "backend-data") {
      read_backend_data(parser_, name, text, node, node.vni, node.vtep_mac);
    } else if (name == "backend-v6-data") {
      read_backend_data(parser_, name, text, node, node.vni_v6, node.vtep_mac_v6);
    } else if (name == "public-ip") {
      read_address(name, text, true, node, node.public_ip);
    } else if (name == "public-ipv6") {
      read_address(name, text, false, node, node.public_ipv6);
    } else if (name == "public-ip-overwrite") {
      read_address(name, text, true, node, node.public_ip_overwrite);
    } else if (name == "public-ipv6-overwrite") {
      read_address(name, text, false, node, node.public_ipv6_overwrite);
    } else if (name == "kube-subnet-manager") {
      node.managed = text == "true";
    }
  }

  simdjson::dom::parser parser_;
};

}  // namespace

std::vector<FlannelNode> declared_flannel(std::span<const KubeNodePtr> nodes) {
  std::vector<FlannelNode> declared;
  Reader reader;
  for (const KubeNodePtr& node : nodes) {
    if (!node) continue;
    const bool any = std::ranges::any_of(
        node->annotations, [](const auto& each) { return each.first.starts_with(kPrefix); });
    if (any) declared.push_back(reader.read(*node));
  }
  std::ranges::sort(declared, {}, &FlannelNode::node);
  return declared;
}

}  // namespace netprobe
