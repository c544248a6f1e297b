// SPDX-License-Identifier: Apache-2.0
#include "link/agent_server.h"

#include <fmt/format.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>

#include "link/agent_service.h"
#include "link/grpc_server.h"

namespace netprobe {
namespace {

class Server final : public AgentServer {
 public:
  Server(AgentServiceOptions service, AgentSources sources, LiveHubOptions live)
      : hub_(std::move(live), sources.feed, sources.clock, sources.alerts),
        service_(std::move(service), std::move(sources), hub_) {}
  ~Server() override { stop(); }

  Status listen(const ListenAddress& address, const LinkCredentials& credentials) {
    auto made = build_server(address, credentials, {&service_.service()});
    if (!made) return std::unexpected(made.error());
    server_ = std::move(made->server);
    port_ = made->port;
    return {};
  }
  std::uint16_t port() const override { return port_; }
  AgentServiceCounts counts() const override {
    AgentServiceCounts counts = service_.counts();
    counts.live_bytes = hub_.kept_bytes();
    return counts;
  }
  void stop() override {
    if (!server_) return;
    // Streams end when they are told so, not by themselves.
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
    hub_.stop();
    server_->Wait();
    server_.reset();
  }

 private:
  LiveHub hub_;
  AgentService service_;
  std::unique_ptr<grpc::Server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace

Result<std::unique_ptr<AgentServer>> AgentServer::make(ListenAddress address,
                                                       const LinkCredentials& credentials,
                                                       AgentServiceOptions service,
                                                       AgentSources sources, LiveHubOptions live) {
  live.node = service.node;
  live.run_id = service.run_id;
  auto server = std::make_unique<Server>(std::move(service), std::move(sources), std::move(live));
  if (auto listens = server->listen(address, credentials); !listens)
    return std::unexpected(listens.error());
  return server;
}

}  // namespace netprobe
