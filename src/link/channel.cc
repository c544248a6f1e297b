// SPDX-License-Identifier: Apache-2.0
#include "link/channel.h"

#include <fmt/format.h>
#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "base/ip_address.h"
#include "link/callback_threads.h"
#include "link/table_limits.h"

namespace netprobe {
namespace {

constexpr int kKeepaliveMillis = 20'000;
constexpr int kKeepaliveTimeoutMillis = 10'000;
constexpr int kConnectMillis = 100;

/// Addresses need no resolver, which has threads and asks the network.
std::string target_of(const std::string& address) {
  const auto colon = address.rfind(':');
  const std::string host = address.substr(0, colon);
  if (IpAddress::parse(host)) return "ipv4:" + address;
  if (host.starts_with('[')) return "ipv6:" + address;
  return "dns:///" + address;
}

std::string shortened(std::string_view text) {
  // "failed to connect to all addresses; last error: UNKNOWN: Failed to connect …"
  constexpr std::string_view kLast = "last error: ";
  if (const auto at = text.find(kLast); at != std::string_view::npos)
    text = text.substr(at + kLast.size());
  std::string result(text.substr(0, 300));
  for (char& c : result)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return result;
}

}  // namespace

std::shared_ptr<grpc::Channel> make_channel(const std::string& address,
                                            const LinkCredentials& credentials) {
  keep_callback_threads();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(kMaxMessageBytes));
  arguments.SetMaxSendMessageSize(static_cast<int>(kMaxMessageBytes));
  arguments.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);  // link/message_bytes.h
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMillis);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMillis);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kConnectMillis);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 3'000);  // the connection's own time
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5'000);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // Agents and the server are in the cluster: no proxy of the environment is between.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const LinkSecurity& security = credentials.security();
  if (!security.insecure && !security.peer_name.empty())
    arguments.SetSslTargetNameOverride(security.peer_name);
  return grpc::CreateCustomChannel(target_of(address), credentials.client(), arguments);
}

void retry_now(grpc::Channel& channel) {
  grpc::experimental::ChannelResetConnectionBackoff(&channel);
}

std::string connection_problem(std::string_view message, const LinkCredentials& credentials,
                               std::string_view who) {
  const LinkSecurity& security = credentials.security();
  if (const auto at = message.find(kCertificateMark); at != std::string_view::npos) {
    auto reason = message.substr(at + kCertificateMark.size());
    return fmt::format("{} is not trusted: {}", who, reason.substr(0, reason.find(';')));
  }
  // What gRPC says of bytes that are another protocol's, in HTTP/2's words.
  for (const std::string_view mark : {"http1.x server", "Failed parsing HTTP/2",
                                      "Expected SETTINGS frame", "content-type", "Stream removed"})
    if (message.find(mark) != std::string_view::npos)
      return fmt::format("{} is no agent: it does not speak gRPC ({})", who, shortened(message));
  const bool refused = message.find("onnection refused") != std::string_view::npos ||
                       message.find("No route") != std::string_view::npos ||
                       message.find("imeout") != std::string_view::npos ||
                       message.find("timed out") != std::string_view::npos;
  if (!security.insecure && !refused) {
    if (std::string own = own_problem(security.files, CertificateUse::kClient); !own.empty())
      return fmt::format("{} does not take us: {}", who, own);
    if (message.find("wrong version number") != std::string_view::npos)
      return fmt::format("{} does not speak TLS: was it started with --grpc-insecure?", who);
    if (message.find("ocket closed") != std::string_view::npos ||
        message.find("reset by peer") != std::string_view::npos ||
        message.find("andshake") != std::string_view::npos)
      return fmt::format(
          "{} ends the connection at its start: its log says whether it trusts our certificate "
          "in {} ({})",
          who, security.files.certificate, shortened(message));
  }
  return fmt::format("{} is not reached: {}", who, shortened(message));
}

}  // namespace netprobe
