// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <numeric>
#include <tuple>

#include "api/cluster_pages.h"
#include "model/workload_name.h"

namespace netprobe {
namespace {

/// Ends that nobody is known for are one node of the graph.
constexpr std::string_view kUnknown = "~unknown";

/// "default/Deployment/web", "Node/n1".
std::string id_of(const WorkloadName& name) {
  if (name.name.empty()) return std::string(kUnknown);
  std::string id = name.name_space;
  for (const std::string& part : {name.kind, name.name})
    if (!part.empty()) id += (id.empty() ? "" : "/") + part;
  return id;
}

struct Graph {
  std::map<std::string, const WorkloadName*> nodes;
  std::uint64_t unnamed = 0;  ///< flows of which neither end is known: no edge

  bool take(const WorkloadPair& pair) {
    if (pair.src.name.empty() && pair.dst.name.empty()) {
      unnamed += pair.flows;
      return false;
    }
    nodes.emplace(id_of(pair.src), &pair.src);
    nodes.emplace(id_of(pair.dst), &pair.dst);
    return true;
  }
};

TcpTrouble trouble_of(const TcpSide& side) {
  return {side.retransmits, side.out_of_order, side.zero_windows, side.rsts};
}

void add(TcpTrouble& sum, const TcpTrouble& more) {
  sum.retransmits += more.retransmits;
  sum.out_of_order += more.out_of_order;
  sum.zero_windows += more.zero_windows;
  sum.resets += more.resets;
}

/// Sums of the flows in the table, as WorkloadReport has those since the start.
std::vector<WorkloadPair> live_pairs(const Snapshot& snapshot) {
  using Key = std::tuple<std::string, std::string, std::string_view>;
  std::map<Key, WorkloadPair> pairs;
  for (const Flow& flow : snapshot.flows) {
    WorkloadEnds ends = workload_ends(flow, snapshot.workloads.by, snapshot.node_name);
    auto& pair = pairs[{id_of(ends.src.name), id_of(ends.dst.name), flow.direction}];
    if (pair.flows == 0) {
      pair.src = std::move(ends.src.name);
      pair.dst = std::move(ends.dst.name);
      pair.direction = flow.direction;
      pair.handshake.counts.resize(1);
    }
    ++pair.flows;
    pair.forward += flow.forward;
    pair.reverse += flow.reverse;
    add(pair.client_trouble, trouble_of(flow.tcp_forward));
    add(pair.server_trouble, trouble_of(flow.tcp_reverse));
    if (flow.handshake_rtt > 0) {
      ++pair.connections;
      ++pair.handshake.counts[0];
      pair.handshake.sum += flow.handshake_rtt;
    }
  }
  std::vector<WorkloadPair> list;
  list.reserve(pairs.size());
  for (auto& [key, pair] : pairs) list.push_back(std::move(pair));
  return list;
}

void append_edge(std::string& out, const WorkloadPair& pair, GraphOf of) {
  JsonObject edge(out);
  edge.text("source", id_of(pair.src));
  edge.text("target", id_of(pair.dst));
  edge.text("direction", pair.direction);
  edge.number("flows", pair.flows);
  edge.number("connections", pair.connections);
  edge.number("packets", pair.forward.packets);
  edge.number("bytes", pair.forward.bytes);
  edge.number("reverse_packets", pair.reverse.packets);
  edge.number("reverse_bytes", pair.reverse.bytes);
  edge.number("retransmits", pair.client_trouble.retransmits + pair.server_trouble.retransmits);
  edge.number("resets", pair.client_trouble.resets + pair.server_trouble.resets);
  const auto& counts = pair.handshake.counts;
  const auto measured = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (measured > 0)
    edge.real("handshake_ms",
              static_cast<double>(pair.handshake.sum) / 1e6 / static_cast<double>(measured));
  // Which flow a drop was of is known while it happens, not of each live flow.
  if (of == GraphOf::kSinceStart) edge.number("dropped", pair.dropped);
  edge.close();
}

}  // namespace

void append_graph(JsonObject& json, std::string& out, const Snapshot& snapshot, GraphOf of) {
  std::vector<WorkloadPair> live;
  if (of == GraphOf::kLive) live = live_pairs(snapshot);
  const auto& pairs = of == GraphOf::kLive ? live : snapshot.workloads.pairs;
  Graph graph;
  json.key("graph");
  JsonObject inner(out);
  inner.text("of", of == GraphOf::kLive ? "live" : "since_start");
  inner.key("edges");
  JsonArray edges(out);
  for (const WorkloadPair& pair : pairs) {
    if (!graph.take(pair)) continue;
    edges.next();
    append_edge(out, pair, of);
  }
  edges.close();
  inner.key("nodes");
  JsonArray nodes(out);
  for (const auto& [id, name] : graph.nodes) {
    nodes.next();
    JsonObject node(out);
    node.text("id", id);
    node.text("namespace", name->name_space);
    node.text("kind", name->kind);
    node.text("name", name->name);
    node.close();
  }
  nodes.close();
  inner.number("unnamed_flows", graph.unnamed);
  inner.number("folded_flows", of == GraphOf::kLive ? 0 : snapshot.workloads.folded);
  inner.close();
}

}  // namespace netprobe
