// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "model/dns.h"
#include "model/neighbour.h"

namespace netprobe {

/// What was said of names and addresses, in order of each.
struct NameBatch {
  std::vector<DnsMessage> dns;
  std::vector<NeighbourClaim> neighbours;
  [[nodiscard]] std::size_t size() const { return dns.size() + neighbours.size(); }
};
using NameBatchPtr = std::shared_ptr<NameBatch>;

}  // namespace netprobe
