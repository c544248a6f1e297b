// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_policy/policy_match.h"

#include <algorithm>

namespace netprobe::network_policy {
namespace {

/// Whether it is so; kUnknown where what was seen does not tell.
enum class Truth : std::uint8_t { kNo, kUnknown, kYes };

Truth both(Truth a, Truth b) { return std::min(a, b); }
Truth either(Truth a, Truth b) { return std::max(a, b); }
Truth truth(bool value) { return value ? Truth::kYes : Truth::kNo; }

bool holds(const Requirement& asked, const Labels& labels) {
  const auto found = labels.find(asked.key);
  const bool there = found != labels.end();
  const bool among = there && std::ranges::find(asked.values, found->second) != asked.values.end();
  switch (asked.op) {
    case Requirement::Operator::kIn:
      return among;
    case Requirement::Operator::kNotIn:
      return !among;
    case Requirement::Operator::kExists:
      return there;
    case Requirement::Operator::kDoesNotExist:
      break;
  }
  return !there;
}

bool is_empty(const Selector& selector) {
  return selector.labels.empty() && selector.requirements.empty();
}

Truth selects(const Selector& selector, const std::optional<Labels>& labels) {
  if (is_empty(selector)) return Truth::kYes;
  if (!labels) return Truth::kUnknown;
  const bool all = std::ranges::all_of(selector.labels, [&](const auto& want) {
    const auto found = labels->find(want.first);
    return found != labels->end() && found->second == want.second;
  });
  return truth(all && std::ranges::all_of(selector.requirements, [&](const Requirement& each) {
                 return holds(each, *labels);
               }));
}

/// Of a namespace its name is known, which is a label of it, and no other label.
Truth selects_namespace(const Selector& selector, const std::string& name) {
  constexpr std::string_view kName = "kubernetes.io/metadata.name";
  const Labels known{{std::string(kName), name}};
  Truth result = Truth::kYes;
  for (const auto& want : selector.labels)
    result = both(result, want.first == kName ? truth(want.second == name) : Truth::kUnknown);
  for (const Requirement& each : selector.requirements)
    result = both(result, each.key == kName ? truth(holds(each, known)) : Truth::kUnknown);
  return result;
}

Truth matches(const Peer& peer, const End& end, const std::string& own) {
  // Pods behind it may have any address.
  if (end.kind == End::Kind::kService) return Truth::kUnknown;
  if (peer.block)
    return truth(peer.block->contains(end.address) &&
                 std::ranges::none_of(peer.except, [&](const IpPrefix& each) {
                   return each.contains(end.address);
                 }));
  // A pod of its node's network is but an address to plugins.
  if (end.kind != End::Kind::kPod || end.host_network) return Truth::kNo;
  const Truth there = peer.namespaces ? selects_namespace(*peer.namespaces, end.name_space)
                                      : truth(end.name_space == own);
  return both(there, peer.pods ? selects(*peer.pods, end.labels) : Truth::kYes);
}

Truth matches(const Port& port, const Seen& seen) {
  if (port.protocol != seen.protocol) return Truth::kNo;
  if (!port.name.empty()) return Truth::kUnknown;
  if (port.first == 0) return Truth::kYes;
  // Of a service it is not what its backend listens on.
  if (seen.port == 0 || seen.dst.kind == End::Kind::kService) return Truth::kUnknown;
  return truth(seen.port >= port.first && seen.port <= std::max(port.first, port.last));
}

Truth lets_through(const std::vector<Rule>& rules, const End& peer, const Seen& seen,
                   const std::string& own) {
  Truth any = Truth::kNo;
  for (const Rule& rule : rules) {
    Truth from = truth(rule.peers.empty());
    for (const Peer& each : rule.peers) from = either(from, matches(each, peer, own));
    Truth at = truth(rule.ports.empty());
    for (const Port& each : rule.ports) at = either(at, matches(each, seen));
    any = either(any, both(from, at));
  }
  return any;
}

/// One side of a flow: nothing where no policy selects it.
Judgement judge_side(std::span<const Policy> policies, const Seen& seen, bool ingress) {
  const End& own = ingress ? seen.dst : seen.src;
  const End& peer = ingress ? seen.src : seen.dst;
  if (own.kind != End::Kind::kPod || own.host_network) return {};
  Truth selected = Truth::kNo;
  Truth passes = Truth::kNo;
  for (const Policy& policy : policies) {
    if (policy.name_space != own.name_space) continue;
    if (!(ingress ? policy.isolates_ingress : policy.isolates_egress)) continue;
    const Truth is = selects(policy.pods, own.labels);
    if (is == Truth::kNo) continue;
    selected = either(selected, is);
    passes = either(passes, both(is, lets_through(ingress ? policy.ingress : policy.egress, peer,
                                                  seen, policy.name_space)));
  }
  if (selected == Truth::kNo) return {};
  if (passes == Truth::kYes) return {.ruling = Ruling::kAllowed};
  if (selected == Truth::kUnknown || passes == Truth::kUnknown)
    return {.ruling = Ruling::kUnclear,
            .why = peer.kind == End::Kind::kService
                       ? "which pods stand behind the service was not seen"
                       : "labels of one end, its namespace, its port or a port's name are not "
                         "known"};
  return {.ruling = Ruling::kDenied,
          .why = ingress ? "no ingress rule has it" : "no egress rule has it"};
}

}  // namespace

Judgement judge(std::span<const Policy> policies, const Seen& seen) {
  const Judgement out = judge_side(policies, seen, false);
  const Judgement in = judge_side(policies, seen, true);
  if (out.ruling == Ruling::kDenied) return out;
  if (in.ruling == Ruling::kDenied) return in;
  if (out.ruling == Ruling::kUnclear) return out;
  if (in.ruling == Ruling::kUnclear) return in;
  return out.ruling == Ruling::kAllowed ? out : in;
}

std::set<std::string> selected_by(const Policy& policy, std::span<const Seen> seen) {
  std::set<std::string> names;
  for (const Seen& each : seen)
    for (const End* end : {&each.src, &each.dst})
      if (end->kind == End::Kind::kPod && !end->host_network &&
          end->name_space == policy.name_space && selects(policy.pods, end->labels) == Truth::kYes)
        names.insert(end->workload_kind + " " + name_of(*end));
  return names;
}

}  // namespace netprobe::network_policy
