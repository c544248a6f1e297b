// SPDX-License-Identifier: Apache-2.0
#include "analysis/quality/flow_judge.h"

#include "analysis/quality/verdict.h"

namespace netprobe {

ProcessJoin::Sockets FlowJudge::complete(Flow& flow) const {
  const auto sockets = join_.find(flow);
  if (sockets.client != nullptr) {
    flow.client_process = sockets.client->process;
    flow.rtt = sockets.client->rtt;
  }
  if (sockets.server != nullptr) {
    flow.server_process = sockets.server->process;
    if (flow.rtt == 0) flow.rtt = sockets.server->rtt;
  }
  return sockets;
}

void FlowJudge::judge(std::span<Flow> flows, Nanos now) const {
  for (Flow& flow : flows) {
    Verdict verdict = flow_verdict(flow, now);
    const auto [client, server] = complete(flow);
    if (client != nullptr) verdict = with_socket(verdict, *client, true);
    if (server != nullptr) verdict = with_socket(verdict, *server, false);
    const bool judged = flow.tuple.protocol == kProtoTcp || flow.tuple.protocol == kProtoUdp;
    if (judged) flow.verdict = to_string(verdict);
  }
}

}  // namespace netprobe
