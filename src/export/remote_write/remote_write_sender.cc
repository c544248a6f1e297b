// SPDX-License-Identifier: Apache-2.0
#include "export/remote_write/remote_write_sender.h"

#include <snappy.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

#include "base/utf8.h"
#include "export/remote_write/write_request.h"
#include "io/header_file.h"
#include "outbox/http_target.h"
#include "outbox/post_verdict.h"

namespace netprobe {
namespace {

// Receivers like a few thousand samples at once; this is about ten thousand.
constexpr std::size_t kMostBytes = 1U << 20U;
constexpr std::size_t kLeastBytes = 64U << 10U;

constexpr std::array kParameters{
    ExportParameter{"every", "the time between metrics (default 1m)"},
    ExportParameter{"labels", "of every series: cluster=west,… (job and instance are there)"},
    ExportParameter{"headers", "file: headers of each request, 'Name: value' a line"},
};

bool is_label_name(std::string_view name) {
  const auto is_word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
         !name.starts_with("__") && std::ranges::all_of(name, is_word);
}

class RemoteWriteSender final : public MetricSender {
 public:
  RemoteWriteSender(HttpTarget http, std::string path, ExternalLabels labels)
      : url_(http.origin + path),
        headers_file_(std::move(http.headers_file)),
        given_(std::move(labels)),
        poster_(std::move(http.options)) {}

  std::vector<MetricBody> encode(const MetricSet& set, const MetricSet* before) override {
    auto bodies = encode_write_requests(set, before, external_labels(given_, set.node), most_);
    // Compressed while they wait, which is a tenth of the memory.
    for (MetricBody& body : bodies) {
      std::string compressed;
      snappy::Compress(body.bytes.data(), body.bytes.size(), &compressed);
      compressed.shrink_to_fit();
      body.bytes = std::move(compressed);
    }
    return bodies;
  }

  MetricOutcome send(const MetricBody& body) override {
    auto headers = read_header_file(headers_file_);
    if (!headers) return {.again = true, .problem = headers.error().message};
    headers->emplace_back("Content-Type: application/x-protobuf");
    headers->emplace_back("Content-Encoding: snappy");
    headers->emplace_back("X-Prometheus-Remote-Write-Version: 0.1.0");
    const PostReply reply = poster_.post(url_, *headers, body.bytes);
    if (reply.failure == PostReply::Failure::kNone && reply.status == 413)
      most_ = std::max(kLeastBytes, most_ / 2);  // those that come are smaller
    return read_remote_write(reply, body.points);
  }
  void stop() override { poster_.stop(); }

 private:
  const std::string url_;
  const std::string headers_file_;
  const ExternalLabels given_;
  HttpPoster poster_;
  std::size_t most_ = kMostBytes;
};

}  // namespace

const ExportScheme kRemoteWriteHttpExport{"remote-write+http", 9090, kParameters,
                                          "remote-write+http://prometheus:9090/api/v1/write"};
const ExportScheme kRemoteWriteHttpsExport{"remote-write+https", 443, kParameters,
                                           "remote-write+https://mimir/api/v1/push"};

MetricOutcome read_remote_write(const PostReply& reply, std::uint64_t points) {
  MetricOutcome outcome;
  outcome.bytes = reply.bytes;
  if (reply.failure != PostReply::Failure::kNone) {
    outcome.again = true;
    outcome.problem = reply.error;
    return outcome;
  }
  const std::string says = words_of(reply);
  if (reply.status >= 200 && reply.status < 300) {
    if (!reply.header("content-type").starts_with("text/html")) return outcome;
    // A web server that answers to everything: what it "took" is nowhere.
    outcome.again = true;
    outcome.problem = "what answers there is no receiver of remote write, but says: " + says;
    return outcome;
  }
  outcome.problem = "it answers " + std::to_string(reply.status);
  if (!says.empty()) outcome.problem += ": " + says;
  if (reply.status == 429 || reply.status >= 500) {
    outcome.again = true;
    outcome.wait = reply.retry_after;
  } else {
    outcome.rejected = points;
  }
  return outcome;
}

Result<std::unique_ptr<MetricSender>> make_remote_write_sender(const ExportTarget& target,
                                                               const Clock& clock) {
  (void)clock;
  auto http = http_target(target, target.scheme.ends_with('s'), false);
  if (!http) return std::unexpected(http.error());
  auto labels = read_pairs("labels", target.parameter("labels"));
  if (!labels) return std::unexpected(labels.error());
  for (const auto& [name, value] : *labels)
    if (!is_label_name(name))
      return fail("labels: '" + name.substr(0, 60) +
                      "' is not letters, digits and '_' that begin with no digit and no '__'",
                  ErrorKind::kUsage);
  for (auto& [name, value] : *labels) value = mended_utf8(value);
  if (auto every = push_interval(target); !every) return std::unexpected(every.error());
  const std::string path =
      target.path.empty() || target.path == "/" ? "/api/v1/write" : target.path;
  return std::make_unique<RemoteWriteSender>(std::move(*http), path, std::move(*labels));
}

}  // namespace netprobe
