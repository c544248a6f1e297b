// SPDX-License-Identifier: Apache-2.0
#include <netprobe/metrics_server.h>

#include <fmt/format.h>

#include <utility>

#include "io/http_problem.h"
#include "io/http_server.h"
#include "library/collector.h"
#include "library/convert.h"
#include "library/log_setup.h"
#include "library/threads.h"

namespace netprobe::v0 {

class NETPROBE_HIDDEN MetricsServer::Impl {
 public:
  Impl(std::shared_ptr<Collector::Impl> collector, std::unique_ptr<netprobe::HttpServer> server,
       std::string path)
      : collector_(std::move(collector)), server_(std::move(server)), path_(std::move(path)) {
    add_routes();
  }
  [[nodiscard]] netprobe::HttpServer& server() const { return *server_; }
  [[nodiscard]] std::string url() const {
    return fmt::format("http://{}{}", server_->endpoint(), path_);
  }

 private:
  void add_routes();
  static void answer(const std::shared_ptr<Collector::Impl>& collector,
                     const netprobe::HttpRequest& request, const netprobe::HttpReply& reply);

  std::shared_ptr<Collector::Impl> collector_;
  std::unique_ptr<netprobe::HttpServer> server_;
  std::string path_;
};

void MetricsServer::Impl::answer(const std::shared_ptr<Collector::Impl>& collector,
                                 const netprobe::HttpRequest& request,
                                 const netprobe::HttpReply& reply) {
  const auto format = netprobe::negotiate_format(request.header("accept"));
  // Called on the data thread: it only hands over.
  collector->request([collector, reply, format](netprobe::SnapshotPtr snapshot) {
    reply.run([collector, reply, format, snapshot = std::move(snapshot)]() mutable {
      snapshot = collector->complete(std::move(snapshot));
      if (!snapshot) return reply(netprobe::problem(503, "there is nothing to collect from"));
      reply({.content_type = std::string(netprobe::content_type(format)),
             .body = collector->render(*snapshot, format)});
    });
  });
}

void MetricsServer::Impl::add_routes() {
  server_->route(path_, [collector = collector_](const auto& request, const auto& reply) {
    answer(collector, request, reply);
  });
  const auto json = [](const char* text) {
    return netprobe::HttpResponse{.content_type = "application/json", .body = std::string(text)};
  };
  for (const char* path : {"/health", "/healthz", "/livez"})
    server_->route(
        path, [json](const auto&, const auto& reply) { reply(json("{\"status\":\"ok\"}\n")); });
  for (const char* path : {"/ready", "/readyz"})
    server_->route(path, [json, collector = collector_](const auto&, const auto& reply) {
      const std::string obstacle = collector->obstacle();
      if (!obstacle.empty()) return reply(netprobe::problem(503, obstacle));
      reply(json("{\"status\":\"ready\"}\n"));
    });
}

MetricsServer::MetricsServer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
MetricsServer::MetricsServer(MetricsServer&& other) noexcept = default;
MetricsServer& MetricsServer::operator=(MetricsServer&& other) noexcept = default;
MetricsServer::~MetricsServer() = default;

Result<MetricsServer> MetricsServer::create(const Collector& collector,
                                            MetricsServerOptions options) {
  own_the_log();
  if (!options.path.starts_with('/') || options.path.find_first_of("?# \r\n") != std::string::npos)
    return refuse(fmt::format("'{}' is not a path such as /metrics", options.path),
                  ErrorKind::kUsage);
  netprobe::HttpServerOptions http;
  http.address = options.address;
  http.port = options.port;
  http.port_option = "MetricsServerOptions::port";
  auto server = netprobe::HttpServer::make(http);
  if (!server) return std::unexpected(public_error(server.error()));
  return MetricsServer(
      std::make_unique<Impl>(collector.impl_, std::move(*server), std::move(options.path)));
}

Result<void> MetricsServer::start() {
  const WithoutSignals block;
  return public_status(impl_->server().start());
}

void MetricsServer::stop() { impl_->server().stop(); }
std::uint16_t MetricsServer::port() const { return impl_->server().port(); }
std::string MetricsServer::url() const { return impl_->url(); }

}  // namespace netprobe::v0
