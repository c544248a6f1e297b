// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "bpf/kernel.h"
#include "bpf/object.h"
#include "probes/socket/socket_rung.h"

struct bpf_link;

namespace netprobe {

struct SocketProgramOptions {
  SocketRung rung = SocketRung::kAuto;  ///< kAuto: the best that loads
  std::uint32_t max_connections = 131'072;
  std::uint32_t max_udp_flows = 65'536;
  std::uint32_t ring_bytes = 8U << 20;  ///< a power of two and whole pages
};

struct LinkCloser {
  void operator()(bpf_link* link) const;
};
using BpfLink = std::unique_ptr<bpf_link, LinkCloser>;

/// The loaded object, attached. Detaches when it goes.
struct SocketPrograms {
  BpfObject object;
  BpfObject sweeps;  ///< iterators over its maps
  std::vector<BpfLink> links;
  std::string rung;      ///< "tp_btf", "raw_tp", "kprobe"
  std::string udp_rung;  ///< "tp_btf", "fexit"; empty: UDP is not seen
  std::string why;       ///< what the better rungs failed on; empty on the best
};

/// Climbs down the ladder until something loads and attaches. The error is the
/// first rung's, in the kernel's words.
[[nodiscard]] Result<SocketPrograms> load_socket_programs(const SocketProgramOptions& options,
                                                          const KernelFeatures& kernel);

}  // namespace netprobe
