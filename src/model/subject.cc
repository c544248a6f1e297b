// SPDX-License-Identifier: Apache-2.0
#include "model/subject.h"

#include <algorithm>
#include <random>
#include <utility>

#include "base/mix_hash.h"
#include "model/identity.h"
#include "model/process.h"
#include "model/workload_name.h"

namespace netprobe {
namespace {

constexpr std::string_view kNodes = "Node";
const IpAddress kBroadcast = IpAddress::v4(0xffffffffU);

/// 0 means nobody.
std::uint64_t not_zero(std::uint64_t id) { return id == 0 ? 1 : id; }

}  // namespace

Subjects::Subjects(std::uint64_t seed, std::vector<IpPrefix> inside)
    : seed_(seed), inside_(std::move(inside)) {}

Place Subjects::source_place(const RecordBase& record) const {
  const bool here =
      record.src_process || record.direction == "egress" || record.direction == "intra-node";
  return place_of(record.src, record.tuple.src, here);
}

Place Subjects::target_place(const RecordBase& record, const IpAddress& seen) const {
  const bool here =
      record.dst_process || record.direction == "ingress" || record.direction == "intra-node";
  return place_of(record.dst, seen, here);
}

Place Subjects::place_of(const IdentityPtr& identity, const IpAddress& address, bool here) const {
  if (identity) {
    switch (identity->kind) {
      case IdentityKind::kPod:
      case IdentityKind::kService:
        return Place::kCluster;
      case IdentityKind::kNode:
        return Place::kNode;
      case IdentityKind::kExternal:
        return here ? Place::kNode : Place::kOutside;
    }
  }
  if (address.is_unspecified() || address.is_loopback() || address.is_link_local() ||
      address.is_multicast() || address == kBroadcast)
    return Place::kNobody;
  if (inside_.contains(address)) return Place::kCluster;
  if (here) return Place::kNode;
  return address.is_private() ? Place::kLocal : Place::kOutside;
}

std::uint64_t Subjects::id_of(const Identity& identity) const {
  const bool owned = identity.kind == IdentityKind::kPod && !identity.workload.empty() &&
                     !identity.workload_kind.empty();
  const std::string_view kind =
      owned ? std::string_view(identity.workload_kind) : to_string(identity.kind);
  return mix_hash(mix_hash(mix_hash(seed_, kind), identity.name_space),
                  owned ? identity.workload : identity.name);
}

Subject Subjects::side(const IdentityPtr& identity, const ProcessPtr& process,
                       const IpAddress& address, Place place) const {
  Subject subject{.place = place};
  if (subject.place == Place::kNobody) return subject;
  const bool has_process = process && !process->comm.empty();
  subject.named = identity || has_process;
  if (identity && identity->kind != IdentityKind::kNode) {
    subject.id = id_of(*identity);
  } else if (has_process) {
    subject.id = mix_hash(mix_hash(seed_, kNodes), process->comm);
  } else if (identity) {
    subject.id = mix_hash(seed_, kNodes);
  } else {
    subject.id = mix_hash(seed_, address);
  }
  subject.id = not_zero(subject.id);
  return subject;
}

Subject Subjects::source(const RecordBase& record) const {
  return side(record.src, record.src_process, record.tuple.src, source_place(record));
}

Subject Subjects::server(const RecordBase& record, const IpAddress& seen) const {
  return side(record.dst, record.dst_process, seen, target_place(record, seen));
}

Subject Subjects::target(const RecordBase& record, const IpAddress& seen) const {
  Subject subject{.place = target_place(record, seen), .named = record.dst != nullptr};
  if (subject.place == Place::kNobody) return subject;
  if (!record.dst) {
    subject.id = mix_hash(seed_, seen);
  } else if (record.dst->kind == IdentityKind::kNode) {
    subject.id = mix_hash(seed_, kNodes);
  } else {
    subject.id = id_of(*record.dst);
  }
  subject.id = not_zero(subject.id);
  return subject;
}

Subject Subjects::service(const RecordBase& record) const {
  if (!record.service) return {};
  return {.id = not_zero(id_of(*record.service)), .place = Place::kCluster, .named = true};
}

std::string subject_name(const IdentityPtr& identity, const ProcessPtr& process,
                         const IpAddress& address) {
  const std::string comm = process ? process->comm : std::string();
  if (!identity) return comm.empty() ? address.to_string() : comm;
  switch (identity->kind) {
    case IdentityKind::kNode:
      return "Node " + identity->name + (comm.empty() ? comm : '/' + comm);
    case IdentityKind::kExternal:
      return "External " + identity->name;
    case IdentityKind::kPod:
    case IdentityKind::kService:
      break;
  }
  const WorkloadName name = workload_name(*identity, WorkloadBy::kWorkload);
  return name.name_space + '/' + name.kind + '/' + name.name;
}

std::uint64_t random_seed() {
  std::random_device random;
  return (std::uint64_t{random()} << 32U) | random();
}

IpAddress network_around(const IpAddress& address) {
  return IpPrefix::of(address, address.is_v4() ? 24 : 48).network();
}

}  // namespace netprobe
