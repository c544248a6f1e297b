// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "detect/flood/flood_options.h"
#include "detect/flood/flood_target.h"
#include "model/detector.h"
#include "sketch/count_min.h"
#include "sketch/idle_map.h"

namespace netprobe {

/// Floods, told by who is flooded and never by who floods: what attackers choose freely
/// (source addresses, ports) takes no room. A sketch counts every target's second; the few
/// that come near a flood get a FloodTarget each. docs/detectors.md.
class FloodDetector final : public Detector {
 public:
  explicit FloodDetector(FloodOptions options = {});

  [[nodiscard]] std::string_view name() const override { return "flood"; }
  void on_flow(const FlowRecord& record) override;
  /// Counts what is of less than a second for the next.
  void tick(Micros now, const FindingSink& found) override;
  [[nodiscard]] std::size_t bytes() const override;
  /// Targets near a flood that had to go for others.
  [[nodiscard]] std::uint64_t not_followed() const override { return targets_.evicted(); }
  /// Targets near a flood.
  [[nodiscard]] std::size_t targets() const { return targets_.size(); }

 private:
  void on_tcp(const FlowRecord& record);
  void on_made(const FlowRecord& record);
  void on_udp(const FlowRecord& record);
  /// A datagram's answer came after the record of the datagram.
  void on_late_answer(const FlowRecord& record);
  void hit(const FloodHit& hit, const FlowRecord& record);
  void hit(const FloodKey& key, const FloodHit& hit, const FlowRecord& record);
  void tell(const FloodKey& key, FloodTarget& target, const FindingSink& found) const;
  [[nodiscard]] bool is_of_another(const FloodKey& key, const FloodTarget& target) const;

  const FloodOptions options_;
  std::bitset<65'536> reflectors_;
  std::bitset<65'536> tunnel_ports_;
  CountMin second_;  ///< what targets got since the last tick
  IdleMap<FloodKey, FloodTarget, FloodKeyHash> targets_;
  /// Who has a connection with whom, or answered many datagrams: a stream between them
  /// was asked for. Value: nothing.
  IdleMap<AddressPair, char, AddressPairHash> friends_;
  Micros ticked_ = 0;
};

}  // namespace netprobe
