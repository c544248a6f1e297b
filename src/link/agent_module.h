// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "link/agent_server.h"
#include "link/names_client.h"

namespace netprobe {

/// What the agent takes from netprobe-link.so. No gRPC in here: the agent is built
/// without it.
struct LinkModule {
  const char* version = nullptr;  ///< of the program that it was built with
  Result<LinkCredentialsPtr> (*credentials)(LinkSecurity, const Clock&) = nullptr;
  Result<std::unique_ptr<AgentServer>> (*agent_server)(ListenAddress, const LinkCredentials&,
                                                       AgentServiceOptions, AgentSources) = nullptr;
  std::unique_ptr<NamesClient> (*names_client)(NamesClientOptions, LinkCredentialsPtr, const Clock&,
                                               NamesLedgerPtr, NamesSink) = nullptr;
};

/// The module's one symbol, and its type.
inline constexpr const char* kLinkModuleSymbol = "netprobe_link_module";
using LinkModuleGetter = const LinkModule* (*)();

}  // namespace netprobe
