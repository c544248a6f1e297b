// SPDX-License-Identifier: Apache-2.0
#include "query/field_names.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "query/nearest.h"

namespace netprobe {
namespace {

using enum FieldId;

constexpr std::size_t kFields = static_cast<std::size_t>(kCount_);
constexpr std::size_t kMostLabelKey = 317;  // Kubernetes: a prefix of 253, '/', 63

// Where addresses are translated, either side's word for them counts.
constexpr std::array kIps{kSrcIp, kDstIp, kTranslatedSrcIp, kTranslatedDstIp};
constexpr std::array kPorts{kSrcPort, kDstPort, kTranslatedSrcPort, kTranslatedDstPort};
constexpr std::array kKinds{kSrcKind, kDstKind};
constexpr std::array kNames{kSrcName, kDstName};
constexpr std::array kPods{kSrcPod, kDstPod};
constexpr std::array kNamespaces{kSrcNamespace, kDstNamespace, kServiceNamespace};
constexpr std::array kWorkloads{kSrcWorkload, kDstWorkload};
constexpr std::array kWorkloadKinds{kSrcWorkloadKind, kDstWorkloadKind};
constexpr std::array kNodes{kNode, kSrcNode, kDstNode};
constexpr std::array kZones{kSrcZone, kDstZone};
constexpr std::array kLabels{kSrcLabel, kDstLabel};
constexpr std::array kProcesses{kSrcProcess, kDstProcess};
constexpr std::array kPids{kSrcPid, kDstPid};

constexpr std::array kBareNames{
    BareName{"ip", kIps},
    BareName{"port", kPorts},
    BareName{"pod", kPods},
    BareName{"namespace", kNamespaces},
    BareName{"workload", kWorkloads},
    BareName{"workload.kind", kWorkloadKinds},
    BareName{"name", kNames},
    BareName{"kind", kKinds},
    BareName{"node", kNodes},
    BareName{"zone", kZones},
    BareName{"label", kLabels},
    BareName{"process", kProcesses},
    BareName{"pid", kPids},
};

/// Another word for what stands behind "src." and "dst.", and for the bare name.
struct Alias {
  std::string_view alias;
  std::string_view name;
};
constexpr std::array kSideAliases{
    Alias{"address", "ip"},
    Alias{"addr", "ip"},
    Alias{"host", "ip"},
    Alias{"net", "ip"},
    Alias{"cidr", "ip"},
    Alias{"ns", "namespace"},
    Alias{"namespace.name", "namespace"},
    Alias{"pod.name", "pod"},
    Alias{"workload.name", "workload"},
    Alias{"workload.type", "workload.kind"},
    Alias{"node.name", "node"},
    Alias{"comm", "process"},
    Alias{"command", "process"},
    Alias{"process.name", "process"},
    Alias{"process.pid", "pid"},
};
/// What a side is called: longest first, as "src.k8s" begins with "src".
constexpr std::array kSides{
    Alias{"source.k8s.", "src."},
    Alias{"destination.k8s.", "dst."},
    Alias{"k8s.source.", "src."},
    Alias{"k8s.destination.", "dst."},
    Alias{"src.k8s.", "src."},
    Alias{"dst.k8s.", "dst."},
    Alias{"k8s.src.", "src."},
    Alias{"k8s.dst.", "dst."},
    Alias{"source.", "src."},
    Alias{"destination.", "dst."},
    Alias{"client.", "src."},
    Alias{"server.", "dst."},
    Alias{"src.", "src."},
    Alias{"dst.", "dst."},
    Alias{"from.", "src."},
    Alias{"to.", "dst."},
    Alias{"k8s.", ""},
};
constexpr std::array kAliases{
    Alias{"proto", "protocol"},
    Alias{"network.transport", "protocol"},
    Alias{"transport", "protocol"},
    Alias{"ip.proto", "protocol"},
    Alias{"ip.src", "src.ip"},
    Alias{"ip.dst", "dst.ip"},
    Alias{"ip.addr", "ip"},
    Alias{"ipv6.src", "src.ip"},
    Alias{"ipv6.dst", "dst.ip"},
    Alias{"ipv6.addr", "ip"},
    Alias{"observer.node", "observer"},
    Alias{"observed.by", "observer"},
    Alias{"service.name", "service"},
    Alias{"service.ns", "service.namespace"},
    Alias{"svc", "service"},
    Alias{"iface", "interface"},
    Alias{"network.interface.name", "interface"},
    Alias{"flags", "tcp_flags"},
    Alias{"vlan.id", "vlan"},
    Alias{"timestamp", "time"},
    Alias{"tcp.rtt", "rtt"},
    Alias{"reason", "drop.reason"},
    Alias{"hook", "drop.hook"},
    Alias{"location", "drop.location"},
    Alias{"errno", "error"},
    Alias{"severity", "alert.severity"},
    Alias{"technique", "alert.technique"},
    Alias{"nat.src.ip", "translated.src.ip"},
    Alias{"nat.dst.ip", "translated.dst.ip"},
    Alias{"nat.src.port", "translated.src.port"},
    Alias{"nat.dst.port", "translated.dst.port"},
    Alias{"source.nat.ip", "translated.src.ip"},
    Alias{"source.nat.port", "translated.src.port"},
    Alias{"destination.nat.ip", "translated.dst.ip"},
    Alias{"destination.nat.port", "translated.dst.port"},
};

struct Meaning {
  std::string_view name;
  std::span<const FieldId> ids;
};
using Names = std::unordered_map<std::string, Meaning>;

/// Every field by its own name and each bare name.
Names own_names() {
  static const auto kIds = [] {
    std::array<FieldId, kFields> ids{};
    for (std::size_t i = 0; i < kFields; ++i) ids[i] = static_cast<FieldId>(i);
    return ids;
  }();
  Names names;
  for (std::size_t i = 0; i < kFields; ++i) {
    const auto name = field(kIds[i]).name;
    names.emplace(normal_name(name), Meaning{name, std::span(kIds).subspan(i, 1)});
  }
  for (const auto& bare : kBareNames)
    names.emplace(normal_name(bare.name), Meaning{bare.name, bare.ids});
  return names;
}

/// Where an alias is a name of its own right already, that stays.
const Names& all_names() {
  static const Names kAll = [] {
    const Names own = own_names();
    Names all = own;
    const auto add = [&](std::string alias, const std::string& name) {
      if (const auto meaning = own.find(normal_name(name)); meaning != own.end())
        all.emplace(std::move(alias), meaning->second);
    };
    for (const auto& [alias, name] : kAliases) add(std::string(alias), std::string(name));
    const auto add_sides = [&](std::string_view alias, std::string_view name) {
      add(std::string(alias), std::string(name));
      for (const auto& side : kSides)
        add(std::string(side.alias).append(alias), std::string(side.name).append(name));
    };
    for (const auto& [alias, name] : kSideAliases) add_sides(alias, name);
    for (const auto& bare : kBareNames) add_sides(bare.name, bare.name);
    for (const std::string_view name : {"service", "service.namespace", "service.name"})
      add("k8s." + std::string(name), name == "service.name" ? "service" : std::string(name));
    return all;
  }();
  return kAll;
}

/// "src.label.app", where `normal` is it as names are compared. Its key is the
/// rest of `name` as it stands.
std::optional<NamedField> find_label(std::string_view name, std::string_view normal) {
  std::string_view end;
  std::size_t at = 0;
  for (const auto& side : kSides) {
    if (!normal.starts_with(side.alias)) continue;
    end = side.name;
    at = side.alias.size();
    break;
  }
  if (normal.substr(at).starts_with("pod.label")) at += 4;
  if (!normal.substr(at).starts_with("label")) return std::nullopt;
  at += 5;
  if (normal.substr(at).starts_with("s")) ++at;
  if (at < normal.size() && normal[at] != '.') return std::nullopt;
  const auto meaning = all_names().find(std::string(end) + "label");
  return NamedField{meaning->second.name, meaning->second.ids,
                    at < name.size() ? std::string(name.substr(at + 1)) : std::string()};
}

}  // namespace

std::uint8_t NamedField::kinds() const {
  std::uint8_t kinds = 0;
  for (const auto id : ids) kinds |= field(id).kinds;
  return kinds;
}

std::span<const BareName> bare_names() { return kBareNames; }

std::string normal_name(std::string_view name) {
  std::string normal(name);
  for (char& c : normal) {
    if (c == '_' || c == '-') c = '.';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return normal;
}

bool is_label_key(std::string_view key) {
  return !key.empty() && key.size() <= kMostLabelKey && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == '/';
  });
}

std::optional<NamedField> find_field(std::string_view name) {
  const auto normal = normal_name(name);
  if (auto label = find_label(name, normal)) return label;
  const auto found = all_names().find(normal);
  if (found == all_names().end()) return std::nullopt;
  return NamedField{found->second.name, found->second.ids, {}};
}

std::vector<std::string> nearest_fields(std::string_view name, std::uint8_t kinds) {
  std::vector<std::string_view> names;
  for (const auto& bare : kBareNames) names.push_back(bare.name);
  for (const auto& each : fields())
    if ((each.kinds & kinds) != 0) names.push_back(each.name);
  return nearest_words(name, names);
}

}  // namespace netprobe
