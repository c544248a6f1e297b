// SPDX-License-Identifier: Apache-2.0
#include "outbox/workload_fold.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "model/workload_name.h"
#include "query/record.h"

namespace netprobe {
namespace {

constexpr Micros kMinute = 60'000'000;
// What has no place for "not known" of its own.
constexpr std::uint8_t kNoDscp = 0xff;
constexpr std::uint16_t kNoIcmp = 0xffff;

std::size_t mixed(std::size_t hash, std::size_t more) {
  return (hash ^ more) * 0x9e3779b97f4a7c15ULL + (hash >> 29U);
}

IdentityPtr only_workload(const Identity& whole) {
  const EndNames names = end_names(&whole);
  auto workload = std::make_shared<Identity>();
  workload->kind = whole.kind;
  workload->name_space = names.name_space;
  workload->workload = names.workload;
  workload->workload_kind = names.workload_kind;
  // Of these the name is the workload's.
  if (whole.kind != IdentityKind::kPod) workload->name = whole.name;
  return workload;
}

void add_trouble(TcpTrouble& sum, const TcpTrouble& more) {
  sum.retransmits += more.retransmits;
  sum.out_of_order += more.out_of_order;
  sum.zero_windows += more.zero_windows;
  sum.resets += more.resets;
}

bool has_ports(std::uint8_t protocol) {
  return protocol == kProtoTcp || protocol == kProtoUdp || protocol == kProtoSctp;
}

}  // namespace

IdentityPtr other_workload() {
  static const IdentityPtr kOther = [] {
    auto other = std::make_shared<Identity>();
    other->name_space = kOtherWorkload;
    other->workload = kOtherWorkload;
    other->workload_kind = kOtherWorkload;
    return other;
  }();
  return kOther;
}

std::size_t WorkloadFold::KeyHash::operator()(const Key& key) const {
  std::size_t hash = std::hash<const void*>{}(key.src);
  hash = mixed(hash, std::hash<const void*>{}(key.dst));
  hash = mixed(hash, std::hash<const void*>{}(key.direction));
  hash = mixed(hash, static_cast<std::size_t>(key.port) << 8U | key.protocol);
  return mixed(hash, static_cast<std::size_t>(key.minute));
}

std::size_t WorkloadFold::WorkloadHash::operator()(const IdentityPtr& identity) const {
  const std::hash<std::string_view> hash;
  std::size_t value = static_cast<std::size_t>(identity->kind);
  for (const auto* part : {&identity->name_space, &identity->workload, &identity->workload_kind})
    value = mixed(value, hash(*part));
  return value;
}

bool WorkloadFold::WorkloadEqual::operator()(const IdentityPtr& a, const IdentityPtr& b) const {
  return a->kind == b->kind && a->workload == b->workload && a->name_space == b->name_space &&
         a->workload_kind == b->workload_kind && a->name == b->name;
}

const IdentityPtr& WorkloadFold::workload_of(const IdentityPtr& whole) {
  if (!whole) return whole;
  auto& known = known_[whole.get()];
  if (!known.whole) {
    known.whole = whole;
    auto workload = only_workload(*whole);
    known.workload = shared_.try_emplace(workload, workload).first->second;
  }
  return known.workload;
}

void WorkloadFold::forget_if_many() {
  if (known_.size() < kMostKnown) return;
  // Between two intervals nothing points into them.
  known_.clear();
  shared_.clear();
}

std::size_t WorkloadFold::group_of(const FlowRecord& record, bool& began) {
  IdentityPtr src = workload_of(record.src);
  IdentityPtr dst = workload_of(record.dst);
  Key key{.minute = record.time / kMinute,
          .src = src.get(),
          .dst = dst.get(),
          .direction = record.direction.data(),
          .port = has_ports(record.tuple.protocol) ? record.tuple.dst_port : std::uint16_t{0},
          .protocol = record.tuple.protocol};
  auto found = at_.find(key);
  if (found != at_.end()) return found->second;
  if (groups_.size() >= most_) {
    src = dst = other_workload();
    key.src = key.dst = src.get();
    key.port = 0;
    key.protocol = 0;
    found = at_.find(key);
    if (found != at_.end()) return found->second;
  }
  began = true;
  Group& group = groups_.emplace_back();
  FlowRecord& sum = group.sum;
  sum.time = record.time;
  sum.first_seen = record.first_seen;
  sum.src = std::move(src);
  sum.dst = std::move(dst);
  sum.direction = record.direction;
  sum.tuple.dst_port = key.port;
  sum.tuple.protocol = key.protocol;
  sum.dscp = kNoDscp;
  sum.icmp = kNoIcmp;
  at_.emplace(key, groups_.size() - 1);
  return groups_.size() - 1;
}

bool WorkloadFold::add(const FlowRecord& record) {
  bool began = false;
  Group& group = groups_[group_of(record, began)];
  FlowRecord& sum = group.sum;
  sum.time = std::min(sum.time, record.time);
  sum.first_seen = std::min(sum.first_seen, record.first_seen);
  sum.last_seen = std::max(sum.last_seen, record.last_seen);
  sum.forward += record.forward;
  sum.reverse += record.reverse;
  add_trouble(sum.client_trouble, record.client_trouble);
  add_trouble(sum.server_trouble, record.server_trouble);
  ++sum.folded.records;
  sum.folded.flows += record.began ? 1U : 0U;
  sum.folded.connections += record.handshake > 0 ? 1U : 0U;
  sum.folded.ended += record.ended ? 1U : 0U;
  if (record.rtt > 0) {
    group.rtt_sum += record.rtt;
    ++group.rtts;
  }
  return began;
}

std::vector<FlowRecord> WorkloadFold::take() {
  std::vector<FlowRecord> sums;
  sums.reserve(groups_.size());
  for (Group& group : groups_) {
    if (group.rtts > 0) group.sum.rtt = group.rtt_sum / static_cast<Micros>(group.rtts);
    sums.push_back(std::move(group.sum));
  }
  groups_.clear();
  at_.clear();
  forget_if_many();
  return sums;
}

}  // namespace netprobe
