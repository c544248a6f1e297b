// SPDX-License-Identifier: Apache-2.0
#include "export/otlp/client.h"

#include "io/header_file.h"

namespace netprobe {
namespace {

Status read_signals(const std::string* text, OtlpSettings& settings) {
  if (text == nullptr) return {};
  settings.logs = *text == "logs" || *text == "logs,metrics" || *text == "metrics,logs";
  settings.metrics = *text == "metrics" || *text == "logs,metrics" || *text == "metrics,logs";
  if (settings.logs || settings.metrics) return {};
  return fail("signals='" + text->substr(0, 60) + "' is not logs, metrics or logs,metrics",
              ErrorKind::kUsage);
}

Status read_compression(const std::string* text, OtlpSettings& settings) {
  if (text == nullptr || *text == "gzip") return {};
  settings.compress = false;
  if (*text == "none") return {};
  return fail("compression='" + text->substr(0, 60) + "' is not gzip or none", ErrorKind::kUsage);
}

std::string url_of(const OtlpSettings& settings, OtlpClient::Signal signal) {
  const bool logs = signal == OtlpClient::Signal::kLogs;
  if (!settings.grpc)
    return settings.http.origin + settings.path + (logs ? "/v1/logs" : "/v1/metrics");
  return settings.http.origin +
         (logs ? "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
               : "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export");
}

// Before a message of gRPC: is it compressed, and its length.
constexpr std::size_t kPrefix = 5;

void write_prefix(std::string& message, bool compressed) {
  const std::size_t size = message.size() - kPrefix;
  message[0] = compressed ? '\1' : '\0';
  for (std::size_t i = 1; i < kPrefix; ++i)
    message[i] = static_cast<char>(size >> (8 * (kPrefix - 1 - i)) & 0xffU);
}

}  // namespace

Result<OtlpSettings> otlp_settings(const ExportTarget& target) {
  OtlpSettings settings;
  settings.grpc = target.scheme.starts_with("otlp+grpc");
  auto http = http_target(target, target.scheme.ends_with('s'), settings.grpc);
  if (!http) return std::unexpected(http.error());
  settings.http = std::move(*http);
  settings.path = target.path;
  while (settings.path.ends_with('/')) settings.path.pop_back();
  // Users paste either signal's whole URL.
  for (const std::string_view tail : {"/v1/logs", "/v1/metrics"})
    if (settings.path.ends_with(tail)) settings.path.resize(settings.path.size() - tail.size());
  if (settings.grpc && !settings.path.empty())
    return fail("gRPC has no path: leave '" + target.path.substr(0, 60) + "' out",
                ErrorKind::kUsage);
  auto resource = read_pairs("resource", target.parameter("resource"));
  if (!resource) return std::unexpected(resource.error());
  settings.resource = std::move(*resource);
  if (auto s = read_signals(target.parameter("signals"), settings); !s)
    return std::unexpected(s.error());
  if (auto s = read_compression(target.parameter("compression"), settings); !s)
    return std::unexpected(s.error());
  if (auto every = push_interval(target); !every) return std::unexpected(every.error());
  return settings;
}

OtlpClient::OtlpClient(OtlpSettings settings, Signal signal)
    : settings_(std::move(settings)),
      url_(url_of(settings_, signal)),
      poster_(settings_.http.options) {}

OtlpAnswer OtlpClient::send(std::string_view request, std::uint64_t items, std::uint64_t& sent) {
  // Anew each time: what is in the file may be another token by now.
  auto headers = read_header_file(settings_.http.headers_file);
  if (!headers) return {.fate = OtlpAnswer::Fate::kAgain, .problem = headers.error().message};
  // As it is, where it goes out so.
  const bool made = settings_.grpc || settings_.compress;
  body_.clear();
  if (settings_.grpc) body_.resize(kPrefix);
  if (settings_.compress)
    gzip_.add(request, DeflateStream::Flush::kEnd, body_);
  else if (made)
    body_ += request;
  if (settings_.grpc) {
    write_prefix(body_, settings_.compress);
    headers->emplace_back("Content-Type: application/grpc+proto");
    headers->emplace_back("TE: trailers");
    if (settings_.compress) headers->emplace_back("grpc-encoding: gzip");
    headers->push_back(
        "grpc-timeout: " + std::to_string(settings_.http.options.timeout / kMillisecond) + "m");
  } else {
    headers->emplace_back("Content-Type: application/x-protobuf");
    if (settings_.compress) headers->emplace_back("Content-Encoding: gzip");
  }
  const PostReply reply = poster_.post(url_, *headers, made ? body_ : request);
  sent += reply.bytes;
  return settings_.grpc ? read_otlp_grpc(reply, items) : read_otlp_http(reply, items);
}

}  // namespace netprobe
