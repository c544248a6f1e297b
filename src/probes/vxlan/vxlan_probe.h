// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "bpf/tunnel_maps.h"
#include "model/probe.h"
#include "probes/vxlan/tunnel_reader.h"
#include "probes/vxlan/tunnel_table.h"

namespace netprobe {

using NewTunnelHandler = std::function<void(const NewTunnel&)>;

/// Tunnels by network id and endpoints, and what MTUs do to them. The packets
/// are counted by the flow programs, which decode them anyway; this reads.
class VxlanProbe final : public Probe {
 public:
  /// Without `maps` it only looks at MTUs, and is off for the reason `why`.
  /// `on_new` hears of every new tunnel; empty: nobody does.
  [[nodiscard]] static Result<std::unique_ptr<Probe>> make(std::optional<TunnelMaps> maps,
                                                           std::string why, const Clock& clock,
                                                           NewTunnelHandler on_new = {});

  [[nodiscard]] int fd() const override { return reader_ ? reader_->fd() : -1; }
  std::size_t poll(Nanos now) override;
  void collect(Nanos now) override;
  void on_interface(const InterfaceInfo& link, bool wanted) override;
  void on_interface_gone(std::uint32_t ifindex) override;
  void report(Signals& out) override;
  [[nodiscard]] ProbeStatus status() const override;

 private:
  VxlanProbe(std::string why, const Clock& clock, NewTunnelHandler on_new)
      : why_(std::move(why)), clock_(clock), on_new_(std::move(on_new)) {}
  void on_event(const np_tunnel_event& event);
  void check_mtus();

  std::string why_;
  const Clock& clock_;
  NewTunnelHandler on_new_;
  std::optional<TunnelReader> reader_;
  TunnelTable table_;
  InterfaceMap interfaces_;
  std::vector<MtuTrouble> mtu_;
  std::deque<NewTunnel> newest_;
  std::uint64_t events_ = 0;
  std::string read_problem_;
};

}  // namespace netprobe
