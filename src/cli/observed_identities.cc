// SPDX-License-Identifier: Apache-2.0
#include "cli/observed_identities.h"

#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "cli/json_read.h"
#include "io/url.h"

namespace netprobe {
namespace {

using network_policy::End;
using network_policy::Labels;
using network_policy::Seen;
using simdjson::dom::element;

/// Pods of a workload whose labels are compared.
constexpr std::size_t kPodsOfOne = 3;
/// Addresses of a workload that are asked for: of pods that are gone nobody answers.
constexpr std::size_t kMostAsked = 32;
constexpr std::size_t kMostWorkloads = 1'000;
constexpr std::size_t kMostServiceAddresses = 2'000;
// Kubernetes gives node ports of this range, unless it is told another one.
constexpr std::uint16_t kFirstNodePort = 30'000;
constexpr std::uint16_t kLastNodePort = 32'767;

using WorkloadKey = std::tuple<std::string, std::string, std::string>;
WorkloadKey key_of(const End& end) { return {end.name_space, end.workload_kind, end.workload}; }

struct Known {
  std::set<IpAddress> addresses;
  std::optional<Labels> labels;
  bool host_network = false;
};

Labels labels_in(element pod) {
  Labels labels;
  simdjson::dom::object object;
  if (pod["labels"].get(object) != simdjson::SUCCESS) return labels;
  for (const auto& [key, value] : object)
    if (std::string_view text; value.get(text) == simdjson::SUCCESS)
      labels.emplace(std::string(key), std::string(text));
  return labels;
}

/// What all pods have that were looked up.
void keep_common(Labels& labels, const Labels& other) {
  std::erase_if(labels, [&](const auto& each) {
    const auto found = other.find(each.first);
    return found == other.end() || found->second != each.second;
  });
}

Result<HttpReply> ask(AgentClient& agent, const char* whose, const IpAddress& address) {
  return agent.fetch(std::string("/api/query/") + whose +
                     "?ip=" + percent_encode(address.to_string()));
}

/// Whether it is a node's own address, and not that of a pod on it.
Result<bool> is_node(AgentClient& agent, const IpAddress& address) {
  const auto reply = ask(agent, "node", address);
  if (!reply) return std::unexpected(reply.error());
  simdjson::dom::parser parser;
  element root;
  return reply->status == 200 && parser.parse(reply->body).get(root) == simdjson::SUCCESS &&
         json_text(root, "by") == "address";
}

/// Whether a pod is one of that workload.
bool is_of(element pod, const WorkloadKey& key) {
  const auto& [name_space, kind, workload] = key;
  const std::string name = workload.empty() ? std::string() : kind + "/" + workload;
  return json_text(pod, "namespace") == name_space && json_text(pod, "workload") == name;
}

Status look_up(AgentClient& agent, const WorkloadKey& key, Known& workload) {
  std::size_t asked = 0;
  std::size_t pods = 0;
  bool at_node = false;
  for (const IpAddress& address : workload.addresses) {
    if (pods == kPodsOfOne || ++asked > kMostAsked) break;
    const auto reply = ask(agent, "pod", address);
    if (!reply) return std::unexpected(reply.error());
    simdjson::dom::parser parser;
    element root;
    element pod;
    if (reply->status == 200 && parser.parse(reply->body).get(root) == simdjson::SUCCESS &&
        root["pod"].get(pod) == simdjson::SUCCESS) {
      // Addresses are given to others, too, once their pod is gone.
      if (!is_of(pod, key)) continue;
      ++pods;
      workload.host_network = workload.host_network || json_flag(pod, "host_network", false);
      Labels labels = labels_in(pod);
      if (workload.labels)
        keep_common(*workload.labels, labels);
      else
        workload.labels = std::move(labels);
      continue;
    }
    // A pod of its node's network has the node's address, and no other.
    if (pods > 0 || at_node) continue;
    const auto node = is_node(agent, address);
    if (!node) return std::unexpected(node.error());
    at_node = *node;
  }
  workload.host_network = workload.host_network || (at_node && pods == 0);
  return {};
}

/// Whether nobody answers at that address and port but who stands behind the service.
Result<bool> is_virtual(AgentClient& agent, const IpAddress& address, bool maybe_node_port) {
  const auto reply = ask(agent, "service", address);
  if (!reply) return std::unexpected(reply.error());
  if (reply->status == 200) return true;
  return maybe_node_port ? is_node(agent, address) : Result<bool>(false);
}

/// The only backend answers for its service, but at another address and port.
Status find_services(AgentClient& agent, std::vector<Seen>& seen,
                     std::span<const std::size_t> behind_service,
                     std::vector<std::string>& warnings) {
  std::map<std::pair<IpAddress, bool>, bool> known;
  std::uint64_t not_asked = 0;
  for (const std::size_t place : behind_service) {
    Seen& each = seen[place];
    const bool node_port = each.port >= kFirstNodePort && each.port <= kLastNodePort;
    const std::pair key(each.dst.address, node_port);
    auto found = known.find(key);
    if (found == known.end() && known.size() < kMostServiceAddresses) {
      const auto answer = is_virtual(agent, each.dst.address, node_port);
      if (!answer) return std::unexpected(answer.error());
      found = known.emplace(key, *answer).first;
    }
    not_asked += found == known.end() ? each.flows : 0;
    if (found == known.end() || found->second) make_service(each);
  }
  if (not_asked > 0)
    warnings.push_back("services had too many addresses to ask for all: of " +
                       std::to_string(not_asked) + " flows it is not known who answered");
  return {};
}

}  // namespace

void make_service(Seen& seen) {
  const auto slash = seen.service.find('/');
  seen.dst.kind = End::Kind::kService;
  seen.dst.name_space = seen.service.substr(0, slash);
  seen.dst.workload = slash == std::string::npos ? "" : seen.service.substr(slash + 1);
  seen.dst.workload_kind.clear();
}

Status add_identities(AgentClient& agent, std::vector<Seen>& seen,
                      std::span<const std::size_t> behind_service,
                      std::vector<std::string>& warnings) {
  if (Status s = find_services(agent, seen, behind_service, warnings); !s) return s;
  std::map<WorkloadKey, Known> known;
  for (const Seen& each : seen)
    for (const End* end : {&each.src, &each.dst})
      if (end->kind == End::Kind::kPod) known[key_of(*end)].addresses.insert(end->address);
  std::size_t asked = 0;
  for (auto& [key, workload] : known) {
    if (++asked > kMostWorkloads) {
      warnings.emplace_back(
          "there are more than 1000 workloads: labels of the rest were not asked for");
      break;
    }
    if (Status s = look_up(agent, key, workload); !s) return s;
  }
  for (Seen& each : seen)
    for (End* end : {&each.src, &each.dst}) {
      if (end->kind != End::Kind::kPod) continue;
      const Known& found = known[key_of(*end)];
      end->labels = found.labels;
      end->host_network = found.host_network;
    }
  return {};
}

}  // namespace netprobe
