// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "api/api.h"
#include "api/ask_worker.h"
#include "api/query.h"
#include "io/http_problem.h"
#include "io/http_server.h"

namespace netprobe {

/// What every route needs; shared by handlers and by answers still owed.
struct ApiContext {
  ApiOptions options;
  ApiSources sources;
  /// The Api's. Null: what is live is asked of the store, which has agents for it.
  AskWorker* live_worker = nullptr;
  /// The Api's: for what waits for the disk. Null without response.
  AskWorker* response_worker = nullptr;
};
using ApiContextPtr = std::shared_ptr<const ApiContext>;

/// How old a snapshot may be that an answer is built from: bounds what many
/// clients cost the data thread.
inline constexpr Nanos kSnapshotAge = 100 * kMillisecond;

[[nodiscard]] HttpResponse json_response(std::string body);
[[nodiscard]] HttpResponse bad_query_response(const BadQuery& bad);

/// Gets a snapshot and answers with what `render` makes of it, on the server's
/// thread; 503 where there is none to be had.
void answer_from_snapshot(const ApiContextPtr& context, const HttpReply& reply, bool with_flows,
                          std::function<HttpResponse(const Snapshot&)> render);

// Each in its routes_*.cc.
void add_flow_routes(HttpServer& server, const ApiContextPtr& context);
void add_cluster_routes(HttpServer& server, const ApiContextPtr& context);
void add_stats_routes(HttpServer& server, const ApiContextPtr& context);
void add_state_routes(HttpServer& server, const ApiContextPtr& context);
void add_connection_routes(HttpServer& server, const ApiContextPtr& context);
void add_drop_routes(HttpServer& server, const ApiContextPtr& context);
void add_netfilter_routes(HttpServer& server, const ApiContextPtr& context);
void add_tunnel_routes(HttpServer& server, const ApiContextPtr& context);
void add_flannel_routes(HttpServer& server, const ApiContextPtr& context);
void add_loss_routes(HttpServer& server, const ApiContextPtr& context);
void add_alert_routes(HttpServer& server, const ApiContextPtr& context,
                      const std::shared_ptr<AlertHub>& hub);
/// Without sources.response: the list alone, which is empty.
void add_block_routes(HttpServer& server, const ApiContextPtr& context);
void add_advise_routes(HttpServer& server, const ApiContextPtr& context);
void add_query_routes(HttpServer& server, const ApiContextPtr& context);
void add_stream_routes(HttpServer& server, const ApiContextPtr& context,
                       const std::shared_ptr<FlowHub>& hub);
/// The page's files, and "/": the page for browsers, `index` for who does not ask for HTML.
void add_page_route(HttpServer& server, HttpBody index, std::string_view metrics_path);
/// The description, the index and the page.
void add_description_routes(HttpServer& server, const ApiContextPtr& context);

}  // namespace netprobe
