// SPDX-License-Identifier: Apache-2.0
#include "api/api.h"

#include "api/alert_hub.h"
#include "api/context.h"
#include "api/flow_hub.h"

namespace netprobe {

Api::Api(ApiOptions options, ApiSources sources)
    : live_worker_(std::make_unique<AskWorker>()),
      response_worker_(sources.response == nullptr ? nullptr : std::make_unique<AskWorker>()),
      context_(
          std::make_shared<ApiContext>(ApiContext{.options = std::move(options),
                                                  .sources = std::move(sources),
                                                  .live_worker = live_worker_.get(),
                                                  .response_worker = response_worker_.get()})) {}

Api::~Api() = default;

void Api::add_routes(HttpServer& server) {
  hub_ = std::make_shared<FlowHub>(context_->sources.feed, server.executor(), server.timer(),
                                   context_->sources.clock);
  alerts_ =
      std::make_shared<AlertHub>(context_->sources.alerts, server.timer(), context_->sources.node);
  add_flow_routes(server, context_);
  add_stats_routes(server, context_);
  add_cluster_routes(server, context_);
  add_netfilter_routes(server, context_);
  add_loss_routes(server, context_);
  add_alert_routes(server, context_, alerts_);
  add_block_routes(server, context_);
  add_state_routes(server, context_);
  add_drop_routes(server, context_);
  add_tunnel_routes(server, context_);
  add_flannel_routes(server, context_);
  add_connection_routes(server, context_);
  add_query_routes(server, context_);
  add_advise_routes(server, context_);
  add_stream_routes(server, context_, hub_);
  add_description_routes(server, context_);
}

std::vector<LossCounter> stream_losses(const HttpServerStats& stats) {
  return {{std::string(kStreamStage), "slow_client", stats.stream_events_lost},
          {std::string(kAnswerStage), "client_gone", stats.answers_abandoned}};
}

HttpResponse json_response(std::string body) {
  body += '\n';  // for people with curl
  return {.content_type = "application/json", .body = std::move(body)};
}

HttpResponse bad_query_response(const BadQuery& bad) {
  return problem(400, bad.detail,
                 {.parameter = bad.parameter, .allowed = bad.allowed, .place = bad.place});
}

void answer_from_snapshot(const ApiContextPtr& context, const HttpReply& reply, bool with_flows,
                          std::function<HttpResponse(const Snapshot&)> render) {
  // `done` may run on the data thread: it must only hand over.
  context->sources.snapshots.request(
      kSnapshotAge, with_flows, [reply, render = std::move(render)](SnapshotPtr snapshot) mutable {
        reply.run([reply, render = std::move(render), snapshot = std::move(snapshot)] {
          if (snapshot) {
            reply(render(*snapshot));
          } else {
            reply(problem(503, "the agent has no data to answer from: it is starting or stopping"));
          }
        });
      });
}

}  // namespace netprobe
