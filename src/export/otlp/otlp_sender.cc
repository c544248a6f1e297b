// SPDX-License-Identifier: Apache-2.0
#include "export/otlp/otlp_sender.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "export/otlp/client.h"
#include "export/otlp/log_encoder.h"
#include "export/otlp/metric_encoder.h"
#include "outbox/field_selection.h"

namespace netprobe {
namespace {

// gRPC's servers take 4 MiB by default.
constexpr std::size_t kMostBytes = 3U << 20U;
constexpr std::size_t kLeastBytes = 16U << 10U;

// A request costs as much as some hundreds of records: with gRPC a connection of its own
// (io/http_poster.cc), and whoever is woken for it.
constexpr std::size_t kBatch = 4000;

constexpr std::array kParameters{
    ExportParameter{"signals", "logs (records), metrics, or both (default logs,metrics)"},
    ExportParameter{"every", "the time between metrics (default 1m)"},
    ExportParameter{"headers", "file: headers of each request, 'Name: value' a line"},
    ExportParameter{"resource", "attributes of the resource: k8s.cluster.name=west,…"},
    ExportParameter{"compression", "gzip or none (default gzip)"},
};

class OtlpSender final : public RecordSender {
 public:
  OtlpSender(OtlpSettings settings, const FieldSelection& selection, const Clock& clock)
      : resource_(settings.resource),
        client_(std::move(settings), OtlpClient::Signal::kLogs),
        encoder_(selection),
        scope_(otlp_scope({})),
        clock_(clock) {}

  SendOutcome send(std::span<const RecordRef> records) override {
    SendOutcome outcome;
    std::size_t first = 0;
    while (first < records.size()) {
      const std::size_t next = encode(records, first);
      const bool goes_on = send_some(first, next, outcome);
      first = next;
      if (goes_on) continue;
      for (; first < records.size(); ++first)
        outcome.again.push_back(static_cast<std::uint32_t>(first));
    }
    return outcome;
  }
  void stop() override { client_.stop(); }

 private:
  /// Those from `first` on that are one request; the first that is not.
  std::size_t encode(std::span<const RecordRef> records, std::size_t first) {
    body_.clear();
    const auto node = records[first].node;
    const Nanos now = clock_.wall();
    std::size_t next = first;
    for (; next < records.size() && records[next].node == node; ++next) {
      const std::size_t before = body_.size();
      prefetch(records, next);
      encoder_.append(body_, records[next], now);
      if (body_.size() <= most_ || next == first) continue;
      body_.resize(before);
      break;
    }
    if (node != node_ || resource_text_.empty()) {
      node_ = node;
      resource_text_ = otlp_resource(node, {}, resource_);
    }
    return next;
  }

  /// False: the rest of the batch is better left for later.
  bool send_some(std::size_t first, std::size_t next, SendOutcome& outcome) {
    const auto items = next - first;
    write_otlp_request(request_, resource_text_, scope_, body_);
    const OtlpAnswer answer = client_.send(request_, items, outcome.bytes);
    if (outcome.problem.empty()) outcome.problem = answer.problem;
    switch (answer.fate) {
      case OtlpAnswer::Fate::kTaken:
        outcome.rejected += answer.rejected;
        return true;
      case OtlpAnswer::Fate::kRejected:
        outcome.rejected += items;
        return true;
      case OtlpAnswer::Fate::kTooLarge:
        if (items == 1 || body_.size() <= kLeastBytes) {
          outcome.rejected += items;
          return true;
        }
        most_ = std::max(kLeastBytes, std::min(most_, body_.size()) / 2);
        break;
      case OtlpAnswer::Fate::kAgain:
        outcome.wait = answer.wait;
        break;
    }
    for (std::size_t i = first; i < next; ++i)
      outcome.again.push_back(static_cast<std::uint32_t>(i));
    return false;
  }

  const OtlpPairs resource_;
  OtlpClient client_;
  LogEncoder encoder_;
  const std::string scope_;
  const Clock& clock_;
  std::string node_;
  std::string resource_text_;  ///< of `node_`
  std::string body_;
  std::string request_;            ///< with the body in it
  std::size_t most_ = kMostBytes;  ///< of a request; halved where the receiver takes less
};

class OtlpMetricSender final : public MetricSender {
 public:
  explicit OtlpMetricSender(OtlpSettings settings)
      : resource_(settings.resource), client_(std::move(settings), OtlpClient::Signal::kMetrics) {}

  std::vector<MetricBody> encode(const MetricSet& set, const MetricSet* before) override {
    return encode_otlp_metrics(set, before, resource_, most_);
  }
  MetricOutcome send(const MetricBody& body) override {
    MetricOutcome outcome;
    const OtlpAnswer answer = client_.send(body.bytes, body.points, outcome.bytes);
    outcome.problem = answer.problem;
    outcome.wait = answer.wait;
    switch (answer.fate) {
      case OtlpAnswer::Fate::kTaken:
        outcome.rejected = answer.rejected;
        break;
      case OtlpAnswer::Fate::kTooLarge:
        // Those that come are smaller; this one is lost.
        most_ = std::max(kLeastBytes, most_ / 2);
        outcome.rejected = body.points;
        break;
      case OtlpAnswer::Fate::kRejected:
        outcome.rejected = body.points;
        break;
      case OtlpAnswer::Fate::kAgain:
        outcome.again = true;
        break;
    }
    return outcome;
  }
  void stop() override { client_.stop(); }

 private:
  const OtlpPairs resource_;
  OtlpClient client_;
  std::size_t most_ = kMostBytes;
};

}  // namespace

const ExportScheme kOtlpGrpcExport{.scheme = "otlp+grpc",
                                   .default_port = 4317,
                                   .parameters = kParameters,
                                   .example = "otlp+grpc://collector:4317",
                                   .batch = kBatch};
const ExportScheme kOtlpGrpcsExport{
    .scheme = "otlp+grpcs",
    .default_port = 4317,
    .parameters = kParameters,
    .example = "otlp+grpcs://collector:4317?ca=/etc/netprobe/ca.pem",
    .batch = kBatch};
const ExportScheme kOtlpHttpExport{.scheme = "otlp+http",
                                   .default_port = 4318,
                                   .parameters = kParameters,
                                   .example = "otlp+http://collector:4318",
                                   .batch = kBatch};
const ExportScheme kOtlpHttpsExport{
    .scheme = "otlp+https",
    .default_port = 4318,
    .parameters = kParameters,
    .example = "otlp+https://collector:4318?headers=/etc/netprobe/headers",
    .batch = kBatch};

Result<std::unique_ptr<RecordSender>> make_otlp_sender(const ExportTarget& target,
                                                       const Clock& clock) {
  auto settings = otlp_settings(target);
  if (!settings) return std::unexpected(settings.error());
  if (!settings->logs) return nullptr;
  return std::make_unique<OtlpSender>(std::move(*settings), FieldSelection(target), clock);
}

Result<std::unique_ptr<MetricSender>> make_otlp_metric_sender(const ExportTarget& target,
                                                              const Clock& clock) {
  (void)clock;
  auto settings = otlp_settings(target);
  if (!settings) return std::unexpected(settings.error());
  if (!settings->metrics) return nullptr;
  return std::make_unique<OtlpMetricSender>(std::move(*settings));
}

}  // namespace netprobe
