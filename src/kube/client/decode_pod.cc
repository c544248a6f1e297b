// SPDX-License-Identifier: Apache-2.0
#include "kube/client/decode_parts.h"

namespace netprobe::kube {
namespace {

/// "containerd://0123" without its runtime.
std::string container_id(std::string_view id) {
  if (const auto scheme = id.find("://"); scheme != std::string_view::npos)
    id.remove_prefix(scheme + 3);
  return std::string(id);
}

/// Times of a run that ended.
void decode_ended(JsonElement ended, KubeContainer& container) {
  container.started = decode_time(ended, "startedAt");
  container.finished = decode_time(ended, "finishedAt");
  if (container.id.empty()) container.id = container_id(text_view(ended, "containerID"));
}

KubeContainer decode_container(JsonElement status) {
  KubeContainer container;
  container.name = text(status, "name");
  container.id = container_id(text_view(status, "containerID"));
  bool known = false;
  with_object(status, "state", [&](JsonElement state) {
    with_object(state, "running", [&](JsonElement running) {
      container.started = decode_time(running, "startedAt");
      known = true;
    });
    with_object(state, "terminated", [&](JsonElement ended) {
      decode_ended(ended, container);
      known = true;
    });
  });
  // It waits to be started again: its newest run is the one before.
  if (!known) {
    with_object(status, "lastState", [&](JsonElement state) {
      with_object(state, "terminated", [&](JsonElement ended) { decode_ended(ended, container); });
    });
  }
  return container;
}

void add_ports(JsonElement container, std::vector<KubePort>& ports) {
  for_each(container, "ports", [&](JsonElement from) {
    KubePort port;
    port.name = text(from, "name");
    port.port = port_number(from, "containerPort");
    port.protocol = decode_protocol(from);
    const auto host_port = port_number(from, "hostPort");
    if (port.port != 0) ports.push_back(port);
    if (host_port != 0 && host_port != port.port) {
      port.port = host_port;
      ports.push_back(std::move(port));
    }
  });
}

void decode_pod_spec(JsonElement spec, KubePod& pod) {
  pod.node = text(spec, "nodeName");
  pod.host_network = flag(spec, "hostNetwork");
  for (const auto* kind : {"containers", "initContainers"})
    for_each(spec, kind, [&](JsonElement container) { add_ports(container, pod.ports); });
}

void decode_pod_status(JsonElement status, KubePod& pod, DecodeCounts& counts) {
  pod.phase = text(status, "phase");
  pod.started = decode_time(status, "startTime");
  for_each(status, "podIPs",
           [&](JsonElement ip) { add_address(pod.ips, text_view(ip, "ip"), counts); });
  if (pod.ips.empty()) add_address(pod.ips, text_view(status, "podIP"), counts);
  for_each(status, "conditions", [&](JsonElement condition) {
    const auto type = text_view(condition, "type");
    // The second name is that of 1.25 to 1.28.
    if ((type == "PodReadyToStartContainers" || type == "PodHasNetwork") &&
        text_view(condition, "status") == "True")
      pod.network_ready = decode_time(condition, "lastTransitionTime");
  });
  for (const auto* kind :
       {"containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"})
    for_each(status, kind,
             [&](JsonElement container) { pod.containers.push_back(decode_container(container)); });
}

}  // namespace

void decode_pod(JsonElement from, KubePod& pod, DecodeCounts& counts) {
  with_object(from, "metadata", [&](JsonElement metadata) {
    pod.labels = decode_labels(metadata, "labels");
    pod.controller = decode_controller(metadata);
  });
  with_object(from, "spec", [&](JsonElement spec) { decode_pod_spec(spec, pod); });
  with_object(from, "status", [&](JsonElement status) { decode_pod_status(status, pod, counts); });
}

}  // namespace netprobe::kube
