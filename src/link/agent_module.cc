// SPDX-License-Identifier: Apache-2.0
#include "link/agent_module.h"

#include <utility>

extern "C" __attribute__((visibility("default"))) const netprobe::LinkModule*
netprobe_link_module() {
  using namespace netprobe;
  static const LinkModule kModule{
      .version = NETPROBE_VERSION,
      .credentials =
          [](LinkSecurity security, const Clock& clock) {
            return LinkCredentials::make(std::move(security), clock);
          },
      .agent_server =
          [](ListenAddress address, const LinkCredentials& credentials, AgentServiceOptions service,
             AgentSources sources) {
            return AgentServer::make(std::move(address), credentials, std::move(service),
                                     std::move(sources));
          },
      .names_client =
          [](NamesClientOptions options, LinkCredentialsPtr credentials, const Clock& clock,
             NamesLedgerPtr ledger, NamesSink sink) {
            return NamesClient::make(std::move(options), std::move(credentials), clock,
                                     std::move(ledger), std::move(sink));
          }};
  return &kModule;
}
