// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/result.h"
#include "model/flannel.h"
#include "model/interface.h"

struct nlmsghdr;

namespace netprobe {

/// Asks the kernel (rtnetlink) for routes, neighbours and forwarding entries
/// of this network namespace. One thread. Every list is bounded.
class ForwardingReader {
 public:
  using Links = std::map<std::uint32_t, InterfaceInfo>;
  /// Rows of each list that are kept; 1,000 peers with both families are 2,000
  /// rows in each.
  static constexpr std::size_t kMaxRows = 16'384;
  /// Answers to one request that are looked at, so that a router with a million
  /// routes costs no more than this. What lies beyond is not even counted.
  static constexpr std::size_t kMaxMessages = 65'536;

  /// Devices are those of `links`; taken_at is left to the caller.
  [[nodiscard]] Result<ForwardingState> read(const Links& links);
  /// Lists that changed each time that they were read: something may be missing.
  [[nodiscard]] std::uint64_t interrupted() const { return interrupted_; }

 private:
  Status read_device(TunnelDevice& device);
  Status read_routes(const Links& links, ForwardingState& state);
  Status read_neighbours(const Links& links, ForwardingState& state);
  Status read_entries(TunnelDevice& device, ForwardingState& state);
  template <typename Rows, typename Each>
  Status dump(nlmsghdr* request, Rows& rows, std::uint64_t& truncated, Each each);

  std::vector<char> buffer_ = std::vector<char>(std::size_t{1} << 16);
  std::uint64_t interrupted_ = 0;
};

}  // namespace netprobe
