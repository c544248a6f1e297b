// SPDX-License-Identifier: Apache-2.0
#include "kube/identity/services.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "kube/identity/nodes.h"

namespace netprobe {
namespace {

// Services that come and go faster than they are forgotten.
constexpr std::size_t kMostPast = 10'000;
// Services that share one address or node port.
constexpr std::size_t kMostSharing = 64;
constexpr std::size_t kMostAddresses = 64;

bool same_addresses(const KubeService& a, const KubeService& b) {
  const auto node_ports = [](const KubePort& port) {
    return std::pair(port.node_port, port.protocol);
  };
  return a.cluster_ips == b.cluster_ips && a.external_ips == b.external_ips &&
         a.load_balancer_ips == b.load_balancer_ips &&
         std::ranges::equal(a.ports, b.ports, {}, node_ports, node_ports);
}

}  // namespace

void ServiceTable::apply(const KubeServicePtr& service, bool deleted, Nanos seen) {
  const TextKey name = text_key(service->meta.name_space, service->meta.name);
  if (name.none()) {
    ++skipped_;
    return;
  }
  auto found = services_.find(name);
  if (found != services_.end()) {
    const KubeService& known = *found->second->service;
    const bool other = known.meta.uid != service->meta.uid;
    if (deleted && other) return;  // its successor's
    if (!deleted && !other && same_addresses(known, *service)) {
      Record& record = *found->second;
      objects.replace(record.service, service);
      record.service = service;
      if (record.identity->labels.get() == service->labels) return;
    } else if (!deleted || !other) {
      objects.replace(found->second->service, nullptr);
      // Flows to what it was keep their name.
      std::unique_ptr<Record> old = std::move(found->second);
      services_.erase(found);
      retire(std::move(old), seen);
      found = services_.end();
      if (deleted) return;
    }
  } else if (deleted) {
    return;
  }
  auto& slot = services_[name];
  const bool is_new = slot == nullptr;
  if (is_new) slot = std::make_unique<Record>();
  Record& record = *slot;
  objects.replace(record.service, service);
  record.service = service;
  record.name = name;
  Identity identity;
  identity.kind = IdentityKind::kService;
  identity.name = identity.workload = service->meta.name;
  identity.name_space = service->meta.name_space;
  identity.workload_kind = "Service";
  identity.uid = service->meta.uid;
  identity.labels = labels_.share(service->labels);
  record.identity = std::make_shared<const Identity>(std::move(identity));
  if (is_new) put(record);
}

void ServiceTable::put(Record& record) {
  const KubeService& service = *record.service;
  for (const auto* list :
       {&service.cluster_ips, &service.external_ips, &service.load_balancer_ips}) {
    for (const IpAddress& address : *list) {
      if (std::ranges::find(record.addresses, address) != record.addresses.end()) continue;
      if (!can_be_held(address) || record.addresses.size() == kMostAddresses) {
        ++skipped_;
        continue;
      }
      Records& sharing = by_address_[address];
      if (sharing.size() == kMostSharing) {
        ++skipped_;
        continue;
      }
      sharing.push_back(&record);
      record.addresses.push_back(address);
    }
  }
  for (const KubePort& port : service.ports) {
    if (port.node_port == 0) continue;
    Records& sharing = by_node_port_[port_key(port.node_port, port.protocol)];
    if (std::ranges::find(sharing, &record) != sharing.end()) continue;
    if (sharing.size() == kMostSharing) {
      ++skipped_;
      continue;
    }
    sharing.push_back(&record);
  }
}

void ServiceTable::take_out(Record& record) {
  const auto out_of = [&](auto& map, const auto& key) {
    const auto found = map.find(key);
    if (found == map.end()) return;
    const auto mine = std::ranges::find(found->second, &record);
    if (mine != found->second.end()) found->second.erase(mine);
    if (found->second.empty()) map.erase(found);
  };
  for (const IpAddress& address : record.addresses) out_of(by_address_, address);
  for (const KubePort& port : record.service->ports) {
    if (port.node_port != 0) out_of(by_node_port_, port_key(port.node_port, port.protocol));
  }
}

void ServiceTable::retire(std::unique_ptr<Record> record, Nanos seen) {
  record->gone = std::max<Nanos>(seen, 1);
  past_.push_back(std::move(record));
  if (past_.size() <= kMostPast) return;
  take_out(*past_.front());
  past_.pop_front();
}

void ServiceTable::forget(Nanos before) {
  constexpr int kAtOnce = 64;
  for (int i = 0; i < kAtOnce && !past_.empty() && past_.front()->gone <= before; ++i) {
    take_out(*past_.front());
    past_.pop_front();
  }
}

bool ServiceTable::has_port(const Record& record, std::uint16_t port, std::uint8_t protocol) {
  return std::ranges::any_of(record.service->ports, [&](const KubePort& its) {
    return its.port == port && its.protocol == protocol;
  });
}

template <typename HasPort>
ServiceTable::Match ServiceTable::pick(const Records& records, Nanos at, HasPort&& has) {
  // Who had it then, before who has it now; with the port, before without;
  // and the newest.
  using Score = std::tuple<bool, bool, Nanos>;
  const Record* best = nullptr;
  Score best_score;
  for (const Record* record : records) {
    const bool then = record->gone == 0 || at < record->gone;
    if (!then) continue;
    const Nanos created = record->service->meta.created;
    const Score score{has(*record), created <= at, created};
    if (best != nullptr && score <= best_score) continue;
    best = record;
    best_score = score;
  }
  if (best == nullptr) return {};
  return {&best->identity, std::get<0>(best_score), best->name};
}

ServiceTable::Match ServiceTable::by_address(const IpAddress& address, std::uint16_t port,
                                             std::uint8_t protocol, Nanos at) const {
  const auto found = by_address_.find(address);
  if (found == by_address_.end()) return {};
  return pick(found->second, at,
              [&](const Record& record) { return has_port(record, port, protocol); });
}

ServiceTable::Match ServiceTable::by_node_port(std::uint16_t port, std::uint8_t protocol,
                                               Nanos at) const {
  const auto found = by_node_port_.find(port_key(port, protocol));
  if (found == by_node_port_.end()) return {};
  return pick(found->second, at, [](const Record&) { return true; });
}

const IdentityPtr* ServiceTable::by_name(const TextKey& name) const {
  const auto found = services_.find(name);
  return found == services_.end() ? nullptr : &found->second->identity;
}

}  // namespace netprobe
