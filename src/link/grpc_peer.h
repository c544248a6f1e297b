// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/clock.h"
#include "cluster/agent_peer.h"
#include "link/credentials.h"
#include "link/protocol.h"

namespace netprobe {

struct GrpcPeerOptions {
  std::string address;  ///< "10.0.0.1:8082", "[fd00::1]:8082", "node-1.example:8082"
  std::string name;     ///< ours, for the agent's log
  std::string version;  ///< ours
  ProtocolRange protocol;
  Nanos backoff_min = 200 * kMillisecond;
  Nanos backoff_max = 5 * kSecond;
  Nanos hello_every = 10 * kSecond;
  Nanos hello_deadline = 5 * kSecond;
  /// A live stream of which nothing came for so long is begun again.
  Nanos live_silence = 10 * kSecond;
  /// One that sent what cannot be is left alone for so long.
  Nanos cut_off = 30 * kSecond;
  std::size_t max_page = 256UL << 20U;  ///< bytes of a page
};

/// The agent at an address, over gRPC: one connection, no thread of its own. The
/// credentials' files are looked at as they say; `clock` outlives the peer.
[[nodiscard]] AgentPeerPtr make_grpc_peer(GrpcPeerOptions options, LinkCredentialsPtr credentials,
                                          const Clock& clock);

}  // namespace netprobe
