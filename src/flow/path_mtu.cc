// SPDX-License-Identifier: Apache-2.0
#include "flow/path_mtu.h"

#include <algorithm>

namespace netprobe {
namespace {

// A flow's errors pass a handful of interfaces; more are not told apart.
constexpr std::size_t kMaxPoints = 8;

bool is_too_big(const IcmpErrorEvent& event) {
  return event.quoted.src.is_v4() ? event.icmp_type == 3 && event.icmp_code == 4
                                  : event.icmp_type == 2;
}

}  // namespace

bool PathMtus::on_error(std::uint32_t entry, const IcmpErrorEvent& event) {
  if (!is_too_big(event)) return false;
  Known& known = flows_[entry];
  // Routers older than RFC 1191 say 0.
  if (event.mtu != 0) known.mtu = known.mtu == 0 ? event.mtu : std::min(known.mtu, event.mtu);
  auto point = std::ranges::find(known.points, event.ifindex, &AtPoint::ifindex);
  if (point == known.points.end()) {
    if (known.points.size() >= kMaxPoints) return false;
    known.points.push_back({event.ifindex, 0});
    point = known.points.end() - 1;
  }
  if (++point->errors <= known.errors) return false;
  known.errors = point->errors;
  return true;
}

void PathMtus::fill(std::uint32_t entry, Flow& flow) const {
  if (flows_.empty()) return;
  const auto found = flows_.find(entry);
  if (found == flows_.end()) return;
  flow.path_mtu = found->second.mtu;
  flow.path_mtu_errors = found->second.errors;
}

void PathMtus::forget(std::uint32_t entry) {
  if (!flows_.empty()) flows_.erase(entry);
}

}  // namespace netprobe
