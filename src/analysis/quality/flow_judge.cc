// SPDX-License-Identifier: Apache-2.0
#include "analysis/quality/flow_judge.h"

#include "analysis/quality/verdict.h"

namespace netprobe {

void FlowJudge::judge(std::span<Flow> flows, Nanos now) const {
  for (Flow& flow : flows) {
    Verdict verdict = flow_verdict(flow, now);
    const auto [client, server] = join_.find(flow);
    if (client != nullptr) {
      flow.client_process = client->process;
      flow.rtt = client->rtt;
      verdict = with_socket(verdict, *client, true);
    }
    if (server != nullptr) {
      flow.server_process = server->process;
      if (flow.rtt == 0) flow.rtt = server->rtt;
      verdict = with_socket(verdict, *server, false);
    }
    const bool judged = flow.tuple.protocol == kProtoTcp || flow.tuple.protocol == kProtoUdp;
    if (judged) flow.verdict = to_string(verdict);
  }
}

}  // namespace netprobe
