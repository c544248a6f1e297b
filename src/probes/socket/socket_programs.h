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
  /// A power of two and whole pages. It is mapped twice and all of it counts as
  /// the process's memory; a mark wakes the reader long before it is full.
  std::uint32_t ring_bytes = 2U << 20;
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
  std::vector<BpfLink> udp_links;  ///< those of UDP's calls; empty while they are off
  std::vector<const char*> udp_programs;
  std::string rung;      ///< "tp_btf", "raw_tp", "kprobe"
  std::string udp_rung;  ///< "tp_btf", "fexit"; empty: UDP is not seen
  std::string why;       ///< what the better rungs failed on; empty on the best
};

/// Attaches the programs of UDP's calls again; clear udp_links to detach them.
[[nodiscard]] Status attach_udp(SocketPrograms& programs);

/// Climbs down the ladder until something loads and attaches. The error is the
/// first rung's, in the kernel's words.
[[nodiscard]] Result<SocketPrograms> load_socket_programs(const SocketProgramOptions& options,
                                                          const KernelFeatures& kernel);

}  // namespace netprobe
