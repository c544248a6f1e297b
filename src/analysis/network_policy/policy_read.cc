// SPDX-License-Identifier: Apache-2.0
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>

#include "analysis/network_policy/policy_yaml.h"
#include "model/flow.h"

namespace netprobe::network_policy {
namespace {

constexpr std::size_t kMostText = 1 << 20;
// Of an alias each use is read as if it stood there.
constexpr std::size_t kMostItems = 100'000;

/// A sentence; it does not leave this file.
struct Wrong {
  std::string what;
};

class Reader {
 public:
  explicit Reader(const std::string& name_space) : name_space_(name_space) {}

  void read(const YAML::Node& node, int depth = 0) {
    count();
    if (!node.IsMap()) return;
    const std::string kind = word(node["kind"]);
    if (kind.ends_with("List") && depth < 2) {
      for (const YAML::Node& item : list(node["items"], "items")) read(item, depth + 1);
      return;
    }
    if (kind != "NetworkPolicy") return;
    if (const std::string version = word(node["apiVersion"]); version != "networking.k8s.io/v1")
      throw Wrong{"a NetworkPolicy of '" + version + "': only networking.k8s.io/v1 is known"};
    policies_.push_back(policy(node));
  }
  std::vector<Policy> take() { return std::move(policies_); }

 private:
  void count() {
    if (++items_ > kMostItems) throw Wrong{"it has more than 100000 items"};
  }
  static std::string word(const YAML::Node& node) {
    return node.IsDefined() && node.IsScalar() ? node.Scalar() : std::string();
  }
  /// To Kubernetes null is as good as nothing.
  static bool is_there(const YAML::Node& node) { return node.IsDefined() && !node.IsNull(); }
  YAML::Node list(const YAML::Node& node, const char* what) {
    if (!is_there(node)) return YAML::Node(YAML::NodeType::Sequence);
    if (!node.IsSequence()) throw Wrong{std::string(what) + " is no list"};
    return node;
  }
  YAML::Node map(const YAML::Node& node, const char* what) {
    if (!is_there(node)) return YAML::Node(YAML::NodeType::Map);
    if (!node.IsMap()) throw Wrong{std::string(what) + " is no map"};
    return node;
  }

  Policy policy(const YAML::Node& node) {
    Policy result;
    const YAML::Node meta = map(node["metadata"], "metadata");
    const YAML::Node spec = map(node["spec"], "spec");
    result.name = word(meta["name"]);
    result.name_space = word(meta["namespace"]);
    if (result.name_space.empty()) result.name_space = name_space_;
    result.pods = selector(spec["podSelector"]);
    result.ingress = rules(spec["ingress"], "from");
    result.egress = rules(spec["egress"], "to");
    const YAML::Node types = list(spec["policyTypes"], "policyTypes");
    // As the API's defaults are.
    result.isolates_ingress = types.size() == 0;
    result.isolates_egress = types.size() == 0 && !result.egress.empty();
    for (const YAML::Node& type : types) {
      count();
      const std::string name = word(type);
      if (name != "Ingress" && name != "Egress")
        throw Wrong{"policyTypes: '" + name + "' is neither Ingress nor Egress"};
      (name == "Ingress" ? result.isolates_ingress : result.isolates_egress) = true;
    }
    return result;
  }

  std::vector<Rule> rules(const YAML::Node& node, const char* peers) {
    std::vector<Rule> result;
    for (const YAML::Node& item : list(node, "ingress or egress")) {
      count();
      const YAML::Node one = map(item, "a rule");
      Rule& rule = result.emplace_back();
      for (const YAML::Node& each : list(one[peers], peers)) rule.peers.push_back(peer(each));
      for (const YAML::Node& each : list(one["ports"], "ports")) rule.ports.push_back(port(each));
    }
    return result;
  }

  Peer peer(const YAML::Node& node) {
    count();
    const YAML::Node one = map(node, "a peer");
    Peer result;
    if (is_there(one["namespaceSelector"])) result.namespaces = selector(one["namespaceSelector"]);
    if (is_there(one["podSelector"])) result.pods = selector(one["podSelector"]);
    if (is_there(one["ipBlock"])) {
      const YAML::Node block = map(one["ipBlock"], "ipBlock");
      result.block = prefix(block["cidr"]);
      for (const YAML::Node& each : list(block["except"], "except")) {
        count();
        result.except.push_back(prefix(each));
      }
    }
    if (!result.block && !result.namespaces && !result.pods)
      throw Wrong{"a peer has neither ipBlock nor podSelector nor namespaceSelector"};
    return result;
  }

  static IpPrefix prefix(const YAML::Node& node) {
    auto parsed = IpPrefix::parse(word(node));
    if (!parsed) throw Wrong{"ipBlock: " + parsed.error().message};
    return *parsed;
  }

  static std::uint16_t number(const std::string& text, const char* what) {
    std::uint16_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || value == 0)
      throw Wrong{std::string(what) + ": '" + text.substr(0, 40) + "' is no port"};
    return value;
  }

  Port port(const YAML::Node& node) {
    count();
    const YAML::Node one = map(node, "a port");
    Port result{.protocol = kProtoTcp};
    if (std::string name = word(one["protocol"]); !name.empty()) {
      for (char& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      if (name != "tcp" && name != "udp" && name != "sctp")
        throw Wrong{"ports: protocol '" + name.substr(0, 40) + "' is not TCP, UDP or SCTP"};
      result.protocol = static_cast<std::uint8_t>(protocol_number(name));
    }
    const std::string which = word(one["port"]);
    if (which.empty()) return result;
    if (!std::ranges::all_of(which, [](char c) { return c >= '0' && c <= '9'; })) {
      result.name = which;
      return result;
    }
    result.first = result.last = number(which, "port");
    if (const std::string end = word(one["endPort"]); !end.empty())
      result.last = number(end, "endPort");
    if (result.last < result.first) throw Wrong{"endPort is below port"};
    return result;
  }

  Selector selector(const YAML::Node& node) {
    count();
    const YAML::Node one = map(node, "a selector");
    Selector result;
    for (const auto& each : map(one["matchLabels"], "matchLabels")) {
      count();
      result.labels[word(each.first)] = word(each.second);
    }
    for (const YAML::Node& each : list(one["matchExpressions"], "matchExpressions")) {
      count();
      const YAML::Node expression = map(each, "an expression");
      Requirement& asked = result.requirements.emplace_back();
      asked.key = word(expression["key"]);
      asked.op = operator_of(word(expression["operator"]));
      for (const YAML::Node& value : list(expression["values"], "values")) {
        count();
        asked.values.push_back(word(value));
      }
    }
    return result;
  }

  static Requirement::Operator operator_of(const std::string& name) {
    using enum Requirement::Operator;
    if (name == "In") return kIn;
    if (name == "NotIn") return kNotIn;
    if (name == "Exists") return kExists;
    if (name == "DoesNotExist") return kDoesNotExist;
    throw Wrong{"operator '" + name.substr(0, 40) + "' is not In, NotIn, Exists or DoesNotExist"};
  }

  const std::string& name_space_;
  std::size_t items_ = 0;
  std::vector<Policy> policies_;
};

}  // namespace

Result<std::vector<Policy>> read_policies(std::string_view text, const std::string& name_space) {
  const auto bad = [](const std::string& why) {
    return fail("the policy cannot be read: " + why, ErrorKind::kUsage);
  };
  if (text.size() > kMostText) return bad("it is larger than 1 MiB");
  try {
    Reader reader(name_space);
    for (const YAML::Node& document : YAML::LoadAll(std::string(text))) reader.read(document);
    std::vector<Policy> policies = reader.take();
    if (policies.empty()) return bad("there is no NetworkPolicy in it");
    return policies;
  } catch (const Wrong& wrong) {
    return bad(wrong.what);
  } catch (const YAML::Exception& wrong) {
    return bad("it is no YAML: " + wrong.msg + ", line " + std::to_string(wrong.mark.line + 1));
  }
}

}  // namespace netprobe::network_policy
