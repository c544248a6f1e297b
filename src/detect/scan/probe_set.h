// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/ip_address.h"
#include "detect/scan/contact.h"
#include "model/finding.h"

namespace netprobe {

/// An attempt to reach one port of one peer. Seconds are those of the wall clock.
struct ScanProbe {
  IpAddress peer;  ///< of a source: whom it tried; of a target: who tried
  std::uint64_t flow_id = 0;
  std::uint32_t seconds = 0;
  std::uint16_t port = 0;      ///< that was tried; 0 for ICMP
  std::uint16_t src_port = 0;  ///< it came from
  std::uint16_t packets = 0;
  std::uint8_t protocol = 0;
  ScanMethod method = ScanMethod::kConnect;
  std::uint8_t flags = 0;
  Outcome outcome = Outcome::kPending;  ///< pending, failed or empty
  bool fresh = true;                    ///< since it was last told of
  bool told = false;                    ///< it is part of a quick scan that was told of

  [[nodiscard]] bool counts() const { return outcome != Outcome::kPending; }
};

[[nodiscard]] std::uint32_t seconds_of(Micros time);
/// A probe's flow as evidence, as if `source` had sent it to `target`.
[[nodiscard]] EvidenceFlow evidence_of(const ScanProbe& probe, const IpAddress& source,
                                       const IpAddress& target);

/// Probes that got no proper answer, each peer and port once: at most kMost, then newer
/// ones take the places of older ones, but of none that still waits for its answer.
class ProbeSet {
 public:
  static constexpr std::size_t kMost = 96;

  /// False: it is known, and took what is new from `probe`, or finds no room.
  bool add(const ScanProbe& probe);
  /// The same port, whoever the peer: for sets by target.
  bool add_port(const ScanProbe& probe);
  /// It had an answer after all.
  void remove(const IpAddress& peer, std::uint16_t port, std::uint8_t protocol);
  void remove_port(std::uint16_t port, std::uint8_t protocol);
  /// What has waited for `patience` seconds without an answer has failed. True: there is
  /// one that still waits.
  bool settle(std::uint32_t now, std::uint32_t patience);
  /// Drops what is older.
  void drop_before(std::uint32_t seconds);

  [[nodiscard]] std::vector<ScanProbe>& all() { return probes_; }
  [[nodiscard]] const std::vector<ScanProbe>& all() const { return probes_; }
  [[nodiscard]] bool is_full() const { return probes_.size() >= kMost; }
  [[nodiscard]] std::size_t bytes() const { return probes_.capacity() * sizeof(ScanProbe); }

 private:
  static void renew(ScanProbe& known, const ScanProbe& probe);
  bool insert(const ScanProbe& probe);
  void erase(std::size_t i);

  std::vector<ScanProbe> probes_;
  std::size_t oldest_ = 0;  ///< where to replace next, about
};

}  // namespace netprobe
