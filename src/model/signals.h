// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/connection.h"
#include "model/drop.h"
#include "model/flannel.h"
#include "model/netfilter.h"
#include "model/probe_status.h"
#include "model/tunnel.h"

namespace netprobe {

/// What the probes beside the flow probe know, as of one moment. Immutable:
/// the signal thread builds it, readers share it.
struct Signals {
  Nanos taken_at = 0;          ///< wall
  std::uint64_t sequence = 0;  ///< grows with each; clocks may be set back
  SocketReport sockets;
  DropReport drops;
  NetfilterReport netfilter;
  TunnelReport tunnels;
  std::vector<XdpState> xdp;
  ForwardingState forwarding;
  std::vector<ProbeStatus> probes;
};

using SignalsPtr = std::shared_ptr<const Signals>;

}  // namespace netprobe
