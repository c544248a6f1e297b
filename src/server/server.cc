// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "api/api.h"
#include "api/context.h"
#include "base/version.h"
#include "cluster/cluster_store.h"
#include "cluster/cluster_totals.h"
#include "cluster/pages.h"
#include "cluster/scheduler.h"
#include "io/http_server.h"
#include "link/credentials.h"
#include "link/grpc_peer.h"
#include "link/listen_address.h"
#include "link/names_log.h"
#include "link/names_service.h"
#include "server/agents_page.h"
#include "server/alert_stream.h"
#include "server/cluster_objects.h"
#include "server/discovery.h"
#include "server/live_stream.h"
#include "server/routes.h"
#include "server/server_metrics.h"
#include "store/clickhouse/clickhouse_store.h"

namespace netprobe {
namespace {

// How often agents are asked for their sums, and watches of names are looked after.
constexpr Nanos kPollApart = 10 * kSecond;

// For one client that reads slowly: what a thousand agents tell in a second.
constexpr std::size_t kStreamEvents = 200'000;
constexpr std::size_t kStreamBytes = 128UL << 20U;

/// The server sees no flows of its own: live ones are asked of agents.
class NoFeed final : public FlowFeed {
 public:
  std::uint64_t subscribe(FlowBatchHandler /*handler*/) override { return 0; }
  void unsubscribe(std::uint64_t /*id*/) override {}
};

Result<std::unique_ptr<HistoryStore>> open_history(const ServerOptions& options) {
  if (options.clickhouse.url.empty()) return nullptr;
  ClickHouseOptions remote = options.clickhouse;
  remote.create_tables = false;  // the agents' affair, who write there
  return make_clickhouse_store(remote);
}

class ServerImpl final : public Server {
 public:
  ServerImpl(const ServerOptions& options, std::unique_ptr<HttpServer> http,
             LinkCredentialsPtr credentials)
      : options_(options),
        http_(std::move(http)),
        credentials_(std::move(credentials)),
        discovery_({.agents = options.agents,
                    .service = options.agents_service,
                    .port = options.agents_port},
                   [this](const std::string& address) { return peer(address); }),
        names_(names_options(), clock_),
        objects_({.enable = options.enable_kubernetes,
                  .kubeconfig = options.kubeconfig,
                  .context = options.kube_context,
                  .version = kVersion},
                 clock_, [this](const std::vector<KubeChange>& changes) { on_changes(changes); }) {}
  ~ServerImpl() override { stop(); }

  Status open() {
    auto history = open_history(options_);
    if (!history) return std::unexpected(history.error());
    history_ = std::move(*history);
    store_ = std::make_unique<ClusterStore>(
        discovery_, scheduler_, clock_, ClusterStoreOptions{.deadline = options_.agents_timeout},
        history_.get());
    pages_ = std::make_unique<ClusterPages>(
        discovery_, scheduler_, clock_, ClusterPagesOptions{.deadline = options_.agents_timeout});
    totals_ = std::make_unique<ClusterTotals>(
        discovery_, scheduler_,
        ClusterTotalsOptions{.most_pairs = options_.max_workload_pairs,
                             .deadline = options_.agents_timeout});
    objects_.add_workloads([this] { return totals_->report(); });
    if (!options_.grpc_listen.empty()) {
      const auto address = ListenAddress::parse(options_.grpc_listen);
      if (!address) return std::unexpected(address.error());
      auto served = NamesServer::make(*address, *credentials_, names_);
      if (!served) return std::unexpected(served.error());
      names_server_ = std::move(*served);
    }
    add_routes();
    return {};
  }

  Status start() override {
    if (auto s = http_->start(); !s) return s;
    objects_.start();
    poll();
    return {};
  }

  void stop() override {
    if (std::exchange(stopped_, true)) return;
    http_->stop();
    names_server_.reset();
    objects_.stop();
    if (store_) store_->stop();
    scheduler_.stop();
    if (history_) history_->stop();
  }

  [[nodiscard]] std::uint16_t port() const override { return http_->port(); }

 private:
  [[nodiscard]] NamesLog::Options names_options() const {
    NamesLog::Options names;
    names.run_id = std::to_string(clock_.wall());
    return names;
  }
  /// The client's thread.
  void on_changes(const std::vector<KubeChange>& changes) {
    for (const KubeChange& change : changes) discovery_.on_change(change);
    if (options_.grpc_listen.empty()) return;
    auto copy = changes;
    (void)names_.take(copy);
    // Not on the client's thread, whose status it is.
    scheduler_.post([this] { names_.set_status(objects_.status()); });
  }
  void poll() {
    totals_->poll();
    if (names_server_) {
      names_.set_status(objects_.status());
      names_.tick();
    }
    scheduler_.after(kPollApart, [this] { poll(); });
  }
  AgentPeerPtr peer(const std::string& address) {
    GrpcPeerOptions peer;
    peer.address = address;
    peer.name = "netprobe-server";
    peer.version = kVersion;
    return make_grpc_peer(std::move(peer), credentials_, clock_);
  }

  [[nodiscard]] Readiness readiness() const {
    // Without an agent that answers there is nothing to serve, but the pages that
    // say so: only what will pass by itself keeps clients away.
    return objects_.readiness();
  }

  void add_routes() {
    context_ = std::make_shared<ApiContext>(ApiContext{
        .options = {.metrics_path = options_.metrics_path},
        .sources = {.snapshots = objects_,
                    .feed = feed_,
                    .readiness = [this] { return readiness(); },
                    .metrics =
                        [this](const Snapshot& snapshot, std::string_view accept) {
                          const auto format = negotiate_format(accept);
                          return MetricsPage{std::string(content_type(format)),
                                             render_server_metrics({.snapshot = snapshot,
                                                                    .agents = discovery_,
                                                                    .http = http_->stats(),
                                                                    .questions = store_->status()},
                                                                   format)};
                        },
                    .clock = clock_,
                    .history = store_.get()}});
    add_state_routes(*http_, context_);
    add_query_routes(*http_, context_);
    add_advise_routes(*http_, context_);
    add_cluster_routes(*http_, context_);
    add_flannel_routes(*http_, context_);
    add_page_routes(*http_, *pages_);
    add_live_route(*http_, discovery_, scheduler_, clock_);
    add_alert_stream_route(*http_, *pages_, discovery_, scheduler_, clock_);
    http_->route("/api/agents", [this](const HttpRequest& request, const HttpReply& reply) {
      if (auto query = parse_empty_query(request.query); !query)
        return reply(bad_query_response(query.error()));
      reply(json_response(agents_page(discovery_)));
    });
    add_description_routes(*http_, context_);
  }

  const ServerOptions options_;
  const SystemClock clock_;
  std::unique_ptr<HttpServer> http_;
  const LinkCredentialsPtr credentials_;
  NoFeed feed_;
  ThreadScheduler scheduler_{4};
  Discovery discovery_;
  NamesLog names_;  ///< outlives whoever tells it, and whoever asks
  ClusterObjects objects_;
  std::unique_ptr<HistoryStore> history_;  ///< null: agents keep it
  std::unique_ptr<ClusterStore> store_;
  std::unique_ptr<ClusterPages> pages_;
  std::unique_ptr<ClusterTotals> totals_;
  std::unique_ptr<NamesServer> names_server_;  ///< null: nobody may ask
  ApiContextPtr context_;
  bool stopped_ = false;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::make(const ServerOptions& options) {
  HttpServerOptions http;
  http.address = options.listen_address;
  http.port = options.metrics_port;
  http.max_stream_events = kStreamEvents;
  http.max_stream_bytes = kStreamBytes;
  auto listening = HttpServer::make(http);
  if (!listening) return std::unexpected(listening.error());
  static const SystemClock kLasting;
  auto credentials = LinkCredentials::make({.files = {.certificate = options.grpc_certificate,
                                                      .key = options.grpc_key,
                                                      .ca = options.grpc_ca},
                                            .insecure = options.grpc_insecure,
                                            .peer_name = options.agents_tls_name},
                                           kLasting);
  if (!credentials) return std::unexpected(credentials.error());
  auto server =
      std::make_unique<ServerImpl>(options, std::move(*listening), std::move(*credentials));
  if (auto s = server->open(); !s) return std::unexpected(s.error());
  return server;
}

}  // namespace netprobe
