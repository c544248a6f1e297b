// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/detector.h"
#include "sketch/extent.h"
#include "sketch/idle_map.h"
#include "sketch/keyed_hash.h"

namespace netprobe {

/// Seconds.
struct SpoofOptions {
  std::string node;                  ///< this node's name; empty: pods of all nodes may be here
  std::uint64_t least_packets = 5;   ///< within `window`, without own address, of one pod
  std::uint64_t least_martians = 5;  ///< packets of one kind at one interface, as well
  /// Flows with the address of a pod that is here, from outside; and more than that pod has.
  std::uint32_t least_outside = 10;
  std::uint32_t window = 60;
  /// An interface is its pod's until it was silent for so long; and a pod that was seen to
  /// forward for others may do so for as long.
  std::uint32_t keep = 600;
  std::uint32_t forwards = 3'600;
  std::uint32_t repeat = 5;
  std::size_t interfaces = 1024;  ///< a power of two
};

/// Finds pods that send from addresses that are not theirs, and addresses that cannot come
/// from where they came. docs/detectors.md has the definitions.
///
/// Which pod an interface is of is learnt from what was answered there. Conflicts of
/// ARP and neighbour discovery are another detector's (neighbour_spoof).
///
/// Kinds: "spoofed_source" (key: the pod), "martian" (key "interface/what").
class SpoofDetector final : public Detector {
 public:
  explicit SpoofDetector(SpoofOptions options = {});

  [[nodiscard]] std::string_view name() const override { return "spoof"; }
  void on_flow(const FlowRecord& record) override;
  void tick(Micros now, const FindingSink& found) override;
  /// At most 2 MiB with default options.
  [[nodiscard]] std::size_t bytes() const override;
  [[nodiscard]] std::uint64_t not_followed() const override;

 private:
  struct Id {
    std::size_t operator()(std::uint64_t hash) const { return hash; }
  };
  /// What was seen of one kind of it, since it began.
  struct Seen {
    std::array<EvidenceFlow, 4> evidence{};
    Extent sources;
    IpAddress address;  ///< the newest source
    IdentityPtr source;
    FindingEnd target;  ///< the newest
    std::uint64_t packets = 0;
    std::uint32_t flows = 0;
    Micros first = 0;
    std::uint32_t last = 0;  ///< seconds
    std::uint32_t told = 0;
    bool dirty = false;
  };
  /// The host end of a pod's interface.
  struct Port {
    std::uint64_t pod = 0;  ///< hash of its uid; 0: not known
    IdentityPtr identity;
    std::array<IpAddress, 4> addresses{};
    std::uint8_t next_address = 0;
    std::uint32_t last = 0;
    std::uint32_t forwards_until = 0;
    Seen seen;
  };
  struct Place {
    std::uint64_t port = 0;  ///< hash of the interface
    std::uint32_t last = 0;
    std::uint32_t began = 0;  ///< of the window in which `flows` are counted
    std::uint32_t flows = 0;  ///< at its own interface
  };
  struct Martian {
    std::string interface;
    std::string_view what;
    Seen seen;
  };

  [[nodiscard]] bool is_here(const IdentityPtr& identity) const;
  void at_pod(const FlowRecord& record, std::uint32_t now);
  void learn(Port& port, std::uint64_t port_hash, const FlowRecord& record, std::uint32_t now);
  void from_outside(const FlowRecord& record, std::uint32_t now);
  void martian(const FlowRecord& record, std::string_view what, std::uint32_t now);
  void add(Seen& seen, const FlowRecord& record, std::uint32_t now) const;
  [[nodiscard]] bool may_tell(Seen& seen, std::uint32_t now) const;
  [[nodiscard]] Finding finding_of(const Seen& seen) const;

  const SpoofOptions options_;
  IdleMap<std::uint64_t, Port, Id> ports_;
  IdleMap<std::uint64_t, Place, Id> pods_;
  IdleMap<std::uint64_t, Martian, Id> martians_;
};

}  // namespace netprobe
