// SPDX-License-Identifier: Apache-2.0
#include "api/cluster_pages.h"
#include "api/completeness.h"
#include "api/flannel_page.h"
#include "api/kube_json.h"
#include "api/pages.h"
#include "model/flow_json.h"

namespace netprobe {

std::string report_page(const Snapshot& snapshot) {
  std::string out;
  JsonObject json(out);
  json.text("node_name", snapshot.node_name);
  json.time("generated_at", snapshot.taken_at);
  json.key("cluster_info");
  out += cluster_page(snapshot);
  json.key("topology");
  out += topology_page(snapshot, GraphOf::kSinceStart);
  json.key("flannel_topology");
  out += flannel_page(snapshot);
  json.key("traffic_stats");
  out += stats_page(snapshot);
  json.key("top_talkers");
  JsonArray top(out);
  for (const Flow& flow : top_talkers(snapshot.flows, kDefaultTop, TopBy::kBytes)) {
    top.next();
    append_json(out, flow);
  }
  top.close();
  append_kubernetes(json, out, snapshot.kube->status);
  append_completeness(json, out, snapshot, {}, {"flow"}, missing_names(*snapshot.kube));
  json.close();
  return out;
}

}  // namespace netprobe
