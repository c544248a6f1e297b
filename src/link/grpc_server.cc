// SPDX-License-Identifier: Apache-2.0
#include "link/grpc_server.h"

#include <fmt/format.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "link/callback_threads.h"
#include "link/table_limits.h"

namespace netprobe {
namespace {

constexpr int kMaxStreamsOfOne = 128;
// A caller that vanished is noticed in half a minute.
constexpr int kKeepaliveMillis = 20'000;
constexpr int kKeepaliveTimeoutMillis = 10'000;
constexpr int kLeastPingMillis = 5'000;
// Who connects and says nothing is gone soon, and so is a connection without calls.
constexpr int kHandshakeMillis = 10'000;
constexpr int kIdleMillis = 300'000;
// What is asked fits: a query has 64 KiB, with the names of nodes that are silent.
constexpr int kMaxRequestBytes = 1 << 20;
constexpr std::size_t kMaxMemory = 256UL << 20U;
// Threads of callbacks are gRPC's own; these would serve calls that we do not have.
constexpr int kMaxThreads = 16;

}  // namespace

Result<BuiltServer> build_server(const ListenAddress& address, const LinkCredentials& credentials,
                                 const std::vector<grpc::Service*>& services) {
  keep_callback_threads();
  grpc::ServerBuilder builder;
  BuiltServer built;
  int port = 0;
  builder.AddListeningPort(address.to_string(), credentials.server(), &port);
  // A second agent must find the port taken.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsOfOne);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMillis);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMillis);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kLeastPingMillis);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMillis);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMillis);
  // gRPC unpacks without a bound. Nobody packs a question: one that is, is not read.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
  builder.SetMaxSendMessageSize(static_cast<int>(kMaxMessageBytes));
  grpc::ResourceQuota quota("netprobe");
  quota.Resize(kMaxMemory);
  quota.SetMaxThreads(kMaxThreads);
  builder.SetResourceQuota(quota);
  for (grpc::Service* service : services) builder.RegisterService(service);
  built.server = builder.BuildAndStart();
  if (!built.server || port == 0)
    return fail(fmt::format("cannot listen on {}: the port is taken, or the address is not this "
                            "machine's",
                            address.to_string()),
                ErrorKind::kBusy);
  built.port = static_cast<std::uint16_t>(port);
  return built;
}

}  // namespace netprobe
