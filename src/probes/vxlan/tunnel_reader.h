// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "abi/tunnel_abi.h"
#include "base/result.h"
#include "bpf/mapped_array.h"
#include "bpf/ring_reader.h"
#include "bpf/tunnel_maps.h"
#include "probes/vxlan/tunnel_table.h"

namespace netprobe {

/// Reads what the flow programs count of tunnels. One thread.
class TunnelReader {
 public:
  using OnEvent = std::function<void(const np_tunnel_event&)>;
  [[nodiscard]] static Result<TunnelReader> make(TunnelMaps maps, OnEvent on_event);

  /// Readable when the ring is filling up.
  [[nodiscard]] int fd() const { return ring_.fd(); }
  /// New tunnels since the last call; how many.
  std::size_t poll() { return ring_.drain(); }
  /// Every row of the map.
  [[nodiscard]] Result<std::vector<TunnelRow>> rows() const;
  /// Takes a row out of the map; its last values, nothing where it was not
  /// there.
  [[nodiscard]] std::optional<TunnelRow> remove(const TunnelKey& key) const;
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  /// Packets of tunnels that the map had no room for, and first packets that
  /// the ring had none for.
  [[nodiscard]] std::uint64_t folded() const;
  [[nodiscard]] std::uint64_t events_lost() const;

 private:
  TunnelReader(TunnelMaps maps, RingReader ring, MappedArray<np_packet_stats> classes,
               std::size_t capacity);
  [[nodiscard]] std::uint64_t sum_of(np_packet_class which) const;

  TunnelMaps maps_;
  RingReader ring_;
  MappedArray<np_packet_stats> classes_;
  std::size_t capacity_;
};

}  // namespace netprobe
