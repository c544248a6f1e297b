// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "model/interface.h"
#include "model/name_batch.h"
#include "probes/dns/recent_messages.h"

namespace netprobe {

/// Makes messages and claims of the records in name_events (abi/name_abi.h), each once,
/// at however many interfaces it was seen. One thread.
class NameDecoder {
 public:
  NameDecoder();

  /// One record. `to_wall`: what the wall clock is ahead of the monotonic one.
  void add(std::span<const std::byte> record, Nanos to_wall);
  /// What was made since the last call; null: nothing.
  [[nodiscard]] NameBatchPtr take();

  void on_interface(const InterfaceInfo& link);
  void on_interface_gone(std::uint32_t ifindex) { links_.erase(ifindex); }

  struct Stats {
    std::uint64_t records = 0;
    std::uint64_t repeated = 0;      ///< seen at another interface before
    std::uint64_t no_claims = 0;     ///< of neighbour discovery, without a MAC address
    std::uint64_t other_opcode = 0;  ///< of DNS: NOTIFY, UPDATE …, which no detector looks at
    std::uint64_t malformed = 0;     ///< no such message, though at its port or of its type
  };
  [[nodiscard]] const Stats& stats() const { return stats_; }

 private:
  struct Link {
    std::uint32_t master = 0;
    bool joins = false;  ///< its ports are one link: a bridge, a bond
    std::string name;
  };

  [[nodiscard]] std::uint32_t link_of(std::uint32_t ifindex) const;

  std::unordered_map<std::uint32_t, Link> links_;
  // On the heap, as they are large.
  std::unique_ptr<RecentMessages> dns_;
  std::unique_ptr<RecentMessages> neighbours_;
  NameBatchPtr batch_;
  Stats stats_;
};

}  // namespace netprobe
