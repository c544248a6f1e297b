// SPDX-License-Identifier: Apache-2.0
#include "api/names.h"

#include <algorithm>

#include "model/identity_json.h"

namespace netprobe {

std::span<const AddressClaim> claims_of(const std::vector<AddressClaim>& claims,
                                        const IpAddress& address) {
  const auto found = std::ranges::equal_range(claims, address, {}, &AddressClaim::address);
  return {found.begin(), found.end()};
}

const AddressClaim* claim_between(std::span<const AddressClaim> claims, Nanos begin, Nanos end) {
  for (const AddressClaim& claim : claims) {
    if (claim.until != 0 && claim.until <= begin) continue;
    // Sorted by time: who had it at `begin` stands before who had it later.
    return claim.from <= std::max(begin, end) ? &claim : nullptr;
  }
  return nullptr;
}

IdentityPtr AddressNames::find(const IpAddress& address, Nanos begin, Nanos end) const {
  for (const auto* claims : {&view_.claims, &view_.service_addresses})
    if (const auto* claim = claim_between(claims_of(*claims, address), begin, end))
      return claim->identity;
  return nullptr;
}

Flow AddressNames::named(const FlowTuple& tuple, Nanos begin, Nanos end) const {
  Flow flow;
  flow.tuple = tuple;
  flow.src_identity = find(tuple.src, begin, end);
  flow.dst_identity = find(tuple.dst, begin, end);
  if (flow.dst_identity && flow.dst_identity->kind == IdentityKind::kService) {
    flow.service = flow.dst_identity;
    flow.service_by = ServiceBy::kAddress;
  }
  return flow;
}

void AddressNames::append(JsonObject& json, std::string& out, const FlowTuple& tuple, Nanos begin,
                          Nanos end) const {
  const auto src = find(tuple.src, begin, end);
  const auto dst = find(tuple.dst, begin, end);
  append_identity(json, out, "src", src, IdentityDetail::kBrief);
  append_identity(json, out, "dst", dst, IdentityDetail::kBrief);
  if (dst && dst->kind == IdentityKind::kService) append_service(json, dst, ServiceBy::kAddress);
}

}  // namespace netprobe
