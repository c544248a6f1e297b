// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_policy/policy_maker.h"

#include <algorithm>
#include <array>
#include <set>

#include "analysis/network_policy/policy_match.h"
#include "analysis/network_policy/policy_name.h"
#include "model/flow.h"

namespace netprobe::network_policy {
namespace {

constexpr std::string_view kNamespaceName = "kubernetes.io/metadata.name";
// Linux gives ports from here on to who connects.
constexpr std::uint16_t kFirstEphemeral = 32768;
constexpr int kWidestV4 = 16;
constexpr int kWidestV6 = 32;
constexpr std::size_t kMostRemarks = 100;
constexpr std::size_t kMostNodes = 200;

/// Labels that templates, controllers and releases put on pods.
constexpr std::array<std::string_view, 13> kPassing{
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/version",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-name",
    "controller-revision-hash",
    "controller-uid",
    "helm.sh/chart",
    "job-name",
    "pod-template-generation",
    "pod-template-hash",
    "statefulset.kubernetes.io/pod-name",
};

/// What a peer is, without its ports.
struct PeerKey {
  enum class Kind : std::uint8_t { kPods, kNode, kOutside };
  Kind kind = Kind::kPods;
  std::string name_space;
  Labels labels;
  IpAddress address;

  auto operator<=>(const PeerKey&) const = default;
};

using Ports = std::set<Port>;

IpPrefix alone(const IpAddress& address) {
  return IpPrefix::of(address, address.is_v4() ? 32 : 128);
}

/// The least network that has both; nothing: one would be too wide.
std::optional<IpPrefix> common(const IpPrefix& a, const IpPrefix& b) {
  const bool v4 = a.network().is_v4();
  if (v4 != b.network().is_v4()) return std::nullopt;
  for (int length = std::min(a.length(), b.length()); length >= (v4 ? kWidestV4 : kWidestV6);
       --length)
    if (const IpPrefix joined = IpPrefix::of(a.network(), length); joined.contains(b.network()))
      return joined;
  return std::nullopt;
}

Peer peer_of(const PeerKey& key) {
  Peer peer;
  if (key.kind == PeerKey::Kind::kPods) {
    peer.namespaces = Selector{.labels = {{std::string(kNamespaceName), key.name_space}}};
    peer.pods = Selector{.labels = key.labels};
  } else {
    peer.block = alone(key.address);
    if (key.kind == PeerKey::Kind::kNode)
      peer.remark = "a node, or a pod of its network: many plugins let these through anyway";
  }
  return peer;
}

class Maker {
 public:
  Maker(const Subject& subject, const MakerOptions& options)
      : subject_(subject), options_(options) {}

  void add(const Seen& seen) {
    const bool in = subject_.is(seen.dst);
    const bool out = subject_.is(seen.src);
    if (!in && !out) return;
    if (const std::string why = why_not(seen); !why.empty()) return leave_out(seen, why);
    bool used = false;
    if (in) used |= add_to(ingress_, seen, seen.src);
    if (out) used |= add_to(egress_, seen, seen.dst);
    if (used) flows_ += seen.flows;
  }

  Result<Advice> finish() {
    Advice advice{.flows = flows_};
    Policy& policy = advice.policy;
    policy.name = policy_name(subject_.workload_kind, subject_.workload, options_.name_is_shared);
    policy.name_space = subject_.name_space;
    policy.pods.labels = *subject_.labels;
    policy.ingress = rules_of(ingress_, "from");
    policy.egress = rules_of(egress_, "to");
    policy.isolates_ingress = !policy.ingress.empty();
    policy.isolates_egress = !policy.egress.empty();
    if (policy.ingress.empty() && policy.egress.empty())
      return fail("nothing was observed that a policy for " + subject_.name_space + "/" +
                      subject_.workload +
                      " could let through, and one without rules would cut it "
                      "off: take a longer --since, or look at 'netprobe query' for what there is",
                  ErrorKind::kNotFound);
    if (policy.ingress.empty())
      remark("nothing that came in was observed, so what comes in is not restricted");
    if (policy.egress.empty())
      remark("nothing that went out was observed, so what goes out is not restricted");
    for (const auto& [text, flows] : left_out_)
      remark("left out: " + text + " (" + std::to_string(flows) + " flows)");
    if (more_ > 0) remark("and " + std::to_string(more_) + " more of this kind");
    advice.remarks = std::move(remarks_);
    return advice;
  }

 private:
  using ByPeer = std::map<PeerKey, Ports>;

  std::string why_not(const Seen& seen) const {
    if (seen.protocol != kProtoTcp && seen.protocol != kProtoUdp && seen.protocol != kProtoSctp)
      return "policies know TCP, UDP and SCTP only";
    // Without a number a rule would have all ports.
    if (seen.port == 0) return "its port was not seen";
    if (!seen.answered && !options_.unanswered)
      return seen.protocol == kProtoUdp
                 ? "nobody answered: a scan, a refusal, or one-way as syslog is (then "
                   "--include-unanswered)"
                 : "nobody answered: a scan, a refusal, or a service that was down";
    if (!seen.certain && seen.port >= kFirstEphemeral)
      return "its beginning was not seen, so it may be the answer of the other side";
    return {};
  }

  void leave_out(const Seen& seen, const std::string& why) {
    left_out_[name_of(seen.src) + " to " + name_of(seen.dst) + ", " +
              port_text(seen.protocol, seen.port) + ": " + why] += seen.flows;
    while (left_out_.size() > kMostRemarks) {
      left_out_.erase(std::prev(left_out_.end()));
      ++more_;
    }
  }

  bool add_to(ByPeer& side, const Seen& seen, const End& peer) {
    PeerKey key;
    key.address = peer.address;
    switch (peer.kind) {
      case End::Kind::kService:
        leave_out(seen, "which pods stand behind service " + seen.service + " was not seen");
        return false;
      case End::Kind::kPod:
        if (peer.host_network) {
          key.kind = PeerKey::Kind::kNode;
          break;
        }
        if (!peer.labels || stable_labels(*peer.labels).empty()) {
          leave_out(seen, "labels of " + name_of(peer) +
                              " are not known, so no selector can name it: add a peer by hand");
          return false;
        }
        key = {.kind = PeerKey::Kind::kPods,
               .name_space = peer.name_space,
               .labels = stable_labels(*peer.labels),
               .address = {}};
        break;
      case End::Kind::kNode:
        key.kind = PeerKey::Kind::kNode;
        break;
      case End::Kind::kOutside:
        key.kind = PeerKey::Kind::kOutside;
        break;
    }
    side[key].insert({.protocol = seen.protocol, .first = seen.port, .last = seen.port});
    return true;
  }

  /// Peers of the same ports stand in one rule.
  std::vector<Rule> rules_of(const ByPeer& side, std::string_view way) {
    std::map<Ports, std::vector<Peer>> by_ports;
    std::map<Ports, std::vector<IpAddress>> outside;
    std::size_t nodes = 0;
    for (const auto& [key, ports] : side) {
      if (key.kind == PeerKey::Kind::kOutside) {
        outside[ports].push_back(key.address);
      } else if (key.kind == PeerKey::Kind::kNode && ++nodes > kMostNodes) {
        remark("left out: more than " + std::to_string(kMostNodes) + " addresses of nodes " +
               std::string(way));
      } else {
        by_ports[ports].push_back(peer_of(key));
      }
    }
    for (auto& [ports, addresses] : outside) add_outside(by_ports, ports, addresses, way);
    std::vector<Rule> rules;
    for (auto& [ports, peers] : by_ports)
      rules.push_back({.peers = std::move(peers), .ports = {ports.begin(), ports.end()}});
    return rules;
  }

  void add_outside(std::map<Ports, std::vector<Peer>>& by_ports, const Ports& ports,
                   const std::vector<IpAddress>& addresses, std::string_view way) {
    const std::string what = std::to_string(addresses.size()) + " addresses outside, " +
                             port_text(ports.begin()->protocol, ports.begin()->first) +
                             (ports.size() > 1 ? " and others" : "");
    auto blocks = join_addresses(addresses, options_.most_blocks);
    if (!blocks && !options_.any_outside) {
      remark("left out: " + std::string(way) + " " + what +
             ": they do not fit into a few networks; --any-outside lets all addresses through");
      return;
    }
    if (!blocks) {
      blocks = {*IpPrefix::parse("0.0.0.0/0"), *IpPrefix::parse("::/0")};
      remark(std::string(way) + " " + what + ": all addresses are let through");
    } else if (blocks->size() < addresses.size()) {
      remark(std::string(way) + " " + what + ": joined to " + std::to_string(blocks->size()) +
             " networks, which have more than was observed");
    }
    for (const IpPrefix& block : *blocks) {
      Peer peer;
      peer.block = block;
      by_ports[ports].push_back(std::move(peer));
    }
  }

  void remark(std::string text) { remarks_.push_back(std::move(text)); }

  const Subject& subject_;
  const MakerOptions& options_;
  ByPeer ingress_;
  ByPeer egress_;
  std::uint64_t flows_ = 0;
  std::map<std::string, std::uint64_t> left_out_;
  std::size_t more_ = 0;
  std::vector<std::string> remarks_;
};

/// Labels may be those of others as well, which the policy then restricts.
void add_others(const Subject& subject, std::span<const Seen> seen, Advice& advice) {
  auto others = selected_by(advice.policy, seen);
  others.erase(subject.workload_kind + " " + subject.name_space + "/" + subject.workload);
  std::size_t told = 0;
  for (const std::string& each : others) {
    if (++told > kMostRemarks) {
      advice.remarks.push_back("and " + std::to_string(others.size() - kMostRemarks) +
                               " more that it selects");
      break;
    }
    advice.remarks.push_back("it selects the pods of " + each +
                             " as well, which have the same labels: give those that " +
                             subject.workload + " alone has with --labels");
  }
}

}  // namespace

std::string name_of(const End& end) {
  switch (end.kind) {
    case End::Kind::kPod:
    case End::Kind::kService:
      return end.name_space + "/" + end.workload;
    case End::Kind::kNode:
      return "node " + end.address.to_string();
    case End::Kind::kOutside:
      break;
  }
  return end.address.to_string();
}

std::string port_text(std::uint8_t protocol, std::uint16_t port) {
  return protocol_name(protocol) + (port == 0 ? "" : " " + std::to_string(port));
}

bool Subject::is(const End& end) const {
  return end.kind == End::Kind::kPod && end.name_space == name_space && end.workload == workload &&
         end.workload_kind == workload_kind;
}

Labels stable_labels(const Labels& labels) {
  Labels stable = labels;
  std::erase_if(stable, [](const auto& label) {
    return std::ranges::find(kPassing, label.first) != kPassing.end();
  });
  return stable;
}

std::optional<std::vector<IpPrefix>> join_addresses(std::vector<IpAddress> addresses,
                                                    std::size_t most) {
  std::ranges::sort(addresses);
  addresses.erase(std::ranges::unique(addresses).begin(), addresses.end());
  std::vector<IpPrefix> blocks;
  for (const IpAddress& address : addresses) blocks.push_back(alone(address));
  // Neighbours that have most in common first: each round lets networks be twice as large.
  for (int free = 1; free <= 128 - kWidestV6 && blocks.size() > most; ++free) {
    std::vector<IpPrefix> joined;
    for (const IpPrefix& block : blocks) {
      const int least = (block.network().is_v4() ? 32 : 128) - free;
      const auto both = joined.empty() ? std::nullopt : common(joined.back(), block);
      if (both && both->length() >= least)
        joined.back() = *both;
      else
        joined.push_back(block);
    }
    blocks = std::move(joined);
  }
  if (blocks.size() > most) return std::nullopt;
  return blocks;
}

Result<Advice> make_policy(const Subject& subject, std::span<const Seen> seen,
                           const MakerOptions& options) {
  const std::string name = subject.name_space + "/" + subject.workload;
  if (subject.host_network)
    return fail(name +
                    " uses its node's network, where a NetworkPolicy does not apply to it: "
                    "protect it by the node's firewall",
                ErrorKind::kUsage);
  Subject own = subject;
  if (own.labels) own.labels = stable_labels(*own.labels);
  if (!own.labels || own.labels->empty())
    return fail("labels of the pods of " + name +
                    " are not known, and a policy without them would select all pods: give them "
                    "with --labels KEY=VALUE,…",
                ErrorKind::kUsage);
  Maker maker(own, options);
  for (const Seen& each : seen) maker.add(each);
  auto advice = maker.finish();
  if (advice) add_others(own, seen, *advice);
  return advice;
}

}  // namespace netprobe::network_policy
