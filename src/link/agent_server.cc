// SPDX-License-Identifier: Apache-2.0
#include "link/agent_server.h"

#include <fmt/format.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <charconv>
#include <chrono>

#include "link/agent_service.h"
#include "link/grpc_server.h"

namespace netprobe {
namespace {

class Server final : public AgentServer {
 public:
  Server(AgentServiceOptions service, AgentSources sources, LiveHubOptions live)
      : hub_(std::move(live), sources.feed, sources.clock),
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

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
  ListenAddress address;
  const auto colon = text.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? text : text.substr(colon + 1);
  std::string_view host = colon == std::string_view::npos ? "" : text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  const bool known = host.empty() || IpAddress::parse(host).has_value();
  if (error != std::errc{} || end != port.data() + port.size() || !known)
    return fail(fmt::format("'{}' is not an address to listen on such as :8082, 10.0.0.1:8082 or "
                            "[::1]:8082",
                            text),
                ErrorKind::kUsage);
  address.host = host;
  return address;
}

std::string ListenAddress::to_string() const {
  const std::string& any = host.empty() ? std::string("::") : host;
  return any.contains(':') ? fmt::format("[{}]:{}", any, port) : fmt::format("{}:{}", any, port);
}

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
