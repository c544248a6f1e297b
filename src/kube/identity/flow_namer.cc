// SPDX-License-Identifier: Apache-2.0
#include "kube/identity/flow_namer.h"

#include "kube/identity/flow_direction.h"

namespace netprobe {
namespace {

IdentityPtr copy_of(const IdentityPtr* identity) { return identity ? *identity : nullptr; }

bool is_node(const IdentityPtr* identity) {
  return identity != nullptr && (*identity)->kind == IdentityKind::kNode;
}

bool is_pod(const IdentityPtr* identity) {
  return identity != nullptr && (*identity)->kind == IdentityKind::kPod;
}

}  // namespace

const IdentityPtr* FlowNamer::user(const IdentityPtr* found, const End& end,
                                   const ProcessRef* process, const Flow& flow) const {
  if (is_pod(found)) return found;
  // A node's address is also that of its hostNetwork pods; and a container may
  // be known before its pod's address is.
  if (process != nullptr && !process->container.empty()) {
    if (const IdentityPtr* pod = index_.by_container(process->container)) return pod;
    return found;
  }
  if (process != nullptr || !is_node(found)) return found;  // a process of the node itself
  const IdentityPtr* pod = index_.by_endpoint(end, flow.first_seen);
  return pod != nullptr && (*pod)->host_network ? pod : found;
}

IdentityIndex::Service FlowNamer::service(const End& asked, bool at_node, const Flow& flow,
                                          ServiceBy& by) const {
  auto match = index_.service_at(asked, flow.first_seen);
  // A node's address that is a service's too is so by the service's ports alone.
  if (match.service != nullptr && (match.has_port || !at_node)) {
    by = ServiceBy::kAddress;
    return match;
  }
  if (!at_node) return {};
  match = index_.service_at_node_port(asked, flow.first_seen);
  if (match.service != nullptr) by = ServiceBy::kNodePort;
  return match;
}

void FlowNamer::name(Flow& flow) const {
  const End src{flow.tuple.src, flow.tuple.src_port, flow.tuple.protocol};
  const End asked{flow.tuple.dst, flow.tuple.dst_port, flow.tuple.protocol};
  End dst = asked;
  if (flow.nat) {
    dst.address = flow.translated.dst;
    dst.port = flow.translated.dst_port;
  }
  const bool redirected = dst != asked;

  const auto holder = [&](const IpAddress& address) {
    return index_.find(address, flow.first_seen, flow.last_seen);
  };
  const IdentityPtr* at_asked = holder(asked.address);
  ServiceBy by = ServiceBy::kNone;
  const auto match = service(asked, is_node(at_asked), flow, by);
  const IdentityPtr* service = match.service;
  const IdentityPtr* from = user(holder(src.address), src, flow.client_process.get(), flow);
  const IdentityPtr* to = nullptr;
  if (service != nullptr && !redirected) {
    // Who answers is behind the service; the node has but the port.
    const IpAddress* backend = match.has_port ? index_.only_backend(match, asked.address) : nullptr;
    if (backend != nullptr) to = holder(*backend);
    if (to == nullptr && by == ServiceBy::kNodePort) to = at_asked;
  } else {
    to = user(redirected ? holder(dst.address) : at_asked, dst, flow.server_process.get(), flow);
  }
  if (service == nullptr) {
    service = index_.service_of(dst, flow.first_seen, to != nullptr ? to->get() : nullptr);
    if (service != nullptr) by = ServiceBy::kEndpoints;
  }
  if (from == nullptr) from = external_->find(src.address);
  if (to == nullptr && (service == nullptr || redirected)) to = external_->find(dst.address);
  flow.src_identity = copy_of(from);
  flow.dst_identity = copy_of(to);
  flow.service = copy_of(service);
  flow.service_by = by;
  // What crosses the node between two strangers is known by its path alone.
  const bool from_stranger = from == nullptr && (to != nullptr || service != nullptr);
  const bool to_stranger = to == nullptr && from != nullptr;
  flow.direction =
      direction_by_names(flow, index_.node_name(), from_stranger && index_.is_outside(src.address),
                         to_stranger && index_.is_outside(dst.address));
}

}  // namespace netprobe
