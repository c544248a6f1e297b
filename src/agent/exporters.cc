// SPDX-License-Identifier: Apache-2.0
#include "agent/exporters.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <thread>
#include <utility>

#include "export/alertmanager/alertmanager_sender.h"
#include "export/ipfix/ipfix_sender.h"
#include "export/json_lines/json_lines_sender.h"
#include "export/kafka/kafka_sender.h"
#include "export/otlp/otlp_sender.h"
#include "export/remote_write/remote_write_sender.h"
#include "export/syslog/syslog_sender.h"
#include "export/webhook/webhook_sender.h"
#include "outbox/http_target.h"

namespace netprobe {
namespace {

/// Two of one name would be one in metrics.
void make_unique_name(ExportTarget& target, std::vector<std::string>& taken) {
  const std::string given = target.name;
  for (int number = 2; std::ranges::find(taken, target.name) != taken.end(); ++number)
    target.name = fmt::format("{}-{}", given, number);
  taken.push_back(target.name);
}

/// The part of a URL that has no parameters, in which there may be what is secret.
std::string_view shown(std::string_view url) {
  constexpr std::size_t kMost = 100;
  const auto place = url.substr(0, url.find('?'));
  const auto at = place.find('@');
  return at == std::string_view::npos ? place.substr(0, kMost) : place.substr(0, place.find(':'));
}

}  // namespace

std::span<const Exporter> exporter_registry() {
  static const std::vector<Exporter> kExporters{
      {kAlertmanagerHttpExport, make_alertmanager_sender},
      {kAlertmanagerHttpsExport, make_alertmanager_sender},
      {kIpfixUdpExport, make_ipfix_sender},
      {kIpfixTcpExport, make_ipfix_sender},
      {kIpfixTlsExport, make_ipfix_sender},
      {kKafkaExport, make_kafka_sender},
      {kKafkaTlsExport, make_kafka_sender},
      {kFileExport, make_file_sender},
      {kStdoutExport, make_stdout_sender},
      {kOtlpGrpcExport, make_otlp_sender, make_otlp_metric_sender},
      {kOtlpGrpcsExport, make_otlp_sender, make_otlp_metric_sender},
      {kOtlpHttpExport, make_otlp_sender, make_otlp_metric_sender},
      {kOtlpHttpsExport, make_otlp_sender, make_otlp_metric_sender},
      {kRemoteWriteHttpExport, nullptr, make_remote_write_sender},
      {kRemoteWriteHttpsExport, nullptr, make_remote_write_sender},
      {kSyslogUdpExport, make_syslog_sender},
      {kSyslogTcpExport, make_syslog_sender},
      {kSyslogTlsExport, make_syslog_sender},
      {kWebhookHttpExport, make_webhook_sender},
      {kWebhookHttpsExport, make_webhook_sender},
  };
  return kExporters;
}

std::string exporters_help() {
  std::string out = "\nDestinations of --export, and parameters of their own:\n";
  const auto line = [&](const ExportParameter& parameter) {
    out += fmt::format("    {:<12} {}\n", parameter.name, parameter.help);
  };
  for (const Exporter& exporter : exporter_registry()) {
    out += fmt::format("  {}\n", exporter.scheme.example);
    for (const ExportParameter& parameter : exporter.scheme.parameters) line(parameter);
  }
  out += "  Parameters of all of them:\n";
  for (const ExportParameter& parameter : common_export_parameters()) line(parameter);
  return out;
}

Result<AgentExporters> AgentExporters::make(const std::vector<std::string>& urls,
                                            const Clock& clock) {
  std::vector<ExportScheme> schemes;
  for (const Exporter& exporter : exporter_registry()) schemes.push_back(exporter.scheme);
  AgentExporters made(clock);
  std::vector<std::string> names;
  for (const std::string& url : urls) {
    const auto wrong = [&](const Error& error) {
      return fail(fmt::format("--export {}: {}", shown(url), error.message), ErrorKind::kUsage);
    };
    auto target = parse_export_target(url, schemes, clock.wall());
    if (!target) return wrong(target.error());
    make_unique_name(*target, names);
    const auto exporter =
        std::ranges::find(exporter_registry(), target->scheme,
                          [](const Exporter& each) { return each.scheme.scheme; });
    if (auto added = made.add(*exporter, *target); !added) return wrong(added.error());
  }
  return made;
}

Status AgentExporters::add(const Exporter& exporter, const ExportTarget& target) {
  bool has_records = false;
  if (exporter.make != nullptr) {
    auto sender = exporter.make(target, *clock_);
    if (!sender) return std::unexpected(sender.error());
    has_records = *sender != nullptr;
    if (has_records) outboxes_.push_back(Outbox::make(target, std::move(*sender), *clock_));
  }
  if (exporter.make_metrics == nullptr) return {};
  auto sender = exporter.make_metrics(target, *clock_);
  if (!sender) return std::unexpected(sender.error());
  if (*sender == nullptr) return {};
  auto every = push_interval(target);
  if (!every) return std::unexpected(every.error());
  auto& added = metric_targets_.emplace_back(target, *every, std::move(*sender));
  // Records and points are counted apart.
  if (has_records) added.target.name += "-metrics";
  return {};
}

void AgentExporters::give_metrics(const std::function<MetricSource()>& make_source) {
  for (auto& [target, every, sender] : metric_targets_)
    pushes_.push_back(
        MetricPush::make(std::move(target), every, std::move(sender), make_source(), *clock_));
  metric_targets_.clear();
}

void AgentExporters::start() {
  for (const auto& outbox : outboxes_) outbox->start();
  for (const auto& push : pushes_) push->start();
}

void AgentExporters::put(const HistoryBatchPtr& batch) const {
  for (const auto& outbox : outboxes_) outbox->put(batch);
}

std::vector<OutboxStatus> AgentExporters::status() const {
  std::vector<OutboxStatus> all;
  for (const auto& outbox : outboxes_) all.push_back(outbox->status());
  for (const auto& push : pushes_) all.push_back(push->status());
  return all;
}

void AgentExporters::stop(Nanos patience) {
  std::vector<std::jthread> stopping;
  for (const auto& outbox : outboxes_)
    stopping.emplace_back([&outbox, patience] { outbox->stop(patience); });
  for (const auto& push : pushes_)
    stopping.emplace_back([&push, patience] { push->stop(patience); });
}

ProbeStatus export_probe_status(const OutboxStatus& status) {
  ProbeStatus probe;
  probe.name = "export:" + status.name;
  probe.rung = status.where;
  // Until something was sent, nothing is known to be wrong.
  const bool failed = !status.connected && !status.problem.empty();
  probe.state = failed ? ProbeState::kFailed : ProbeState::kOn;
  probe.why = status.problem;
  probe.events = status.sent;
  for (const auto& [cause, count] : status.lost) probe.lost.push_back({"export", cause, count});
  return probe;
}

std::vector<LossCounter> export_losses(std::span<const OutboxStatus> all) {
  std::map<std::string, std::uint64_t> sums;
  for (const OutboxStatus& status : all)
    for (const auto& [cause, count] : status.lost) sums[cause] += count;
  std::vector<LossCounter> losses;
  for (const auto& [cause, count] : sums) losses.push_back({"export", cause, count});
  return losses;
}

}  // namespace netprobe
