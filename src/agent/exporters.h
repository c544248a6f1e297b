// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/probe_status.h"
#include "outbox/metric_push.h"
#include "outbox/outbox.h"
#include "query/history_store.h"

namespace netprobe {

/// Where records and metrics can be sent: what its URL looks like, and what makes its
/// senders. A sender that is null: the target wants none of that.
struct Exporter {
  const ExportScheme& scheme;
  /// Null: it takes no records.
  Result<std::unique_ptr<RecordSender>> (*make)(const ExportTarget& target, const Clock& clock);
  /// Null: it takes no metrics.
  Result<std::unique_ptr<MetricSender>> (*make_metrics)(const ExportTarget& target,
                                                        const Clock& clock) = nullptr;
};
/// All that there are. A new one is one line of it (docs/add-an-exporter.md).
[[nodiscard]] std::span<const Exporter> exporter_registry();
/// For --help: the destinations and what all of them take.
[[nodiscard]] std::string exporters_help();

/// The destinations that the options name. What goes to history goes to each of them.
class AgentExporters {
 public:
  /// Errors are usage errors: which destination, and what is wrong with it. `clock`
  /// outlives this.
  [[nodiscard]] static Result<AgentExporters> make(const std::vector<std::string>& urls,
                                                   const Clock& clock);

  /// Nobody wants records.
  [[nodiscard]] bool empty() const { return outboxes_.empty(); }
  /// Before start(): where those who want metrics get them, each from a source of its own.
  void give_metrics(const std::function<MetricSource()>& make_source);
  void start();
  void put(const HistoryBatchPtr& batch) const;
  [[nodiscard]] std::vector<OutboxStatus> status() const;
  /// All of them at once: each sends what it has for as long as this.
  void stop(Nanos patience);

 private:
  struct MetricTarget {
    ExportTarget target;
    Nanos every = 0;
    std::unique_ptr<MetricSender> sender;
  };
  Status add(const Exporter& exporter, const ExportTarget& target);

  explicit AgentExporters(const Clock& clock) : clock_(&clock) {}
  const Clock* clock_;
  std::vector<std::unique_ptr<Outbox>> outboxes_;
  std::vector<MetricTarget> metric_targets_;  ///< until they are given a source
  std::vector<std::unique_ptr<MetricPush>> pushes_;
};

/// History that is exported as well: what is written goes to both, everything else to
/// the store alone. Both outlive this.
class ExportedHistory final : public HistoryStore {
 public:
  ExportedHistory(HistoryStore& store, const AgentExporters& exporters)
      : store_(store), exporters_(exporters) {}
  void write(HistoryBatchPtr batch) override {
    exporters_.put(batch);
    store_.write(std::move(batch));
  }
  void flush(Micros patience, std::function<void()> done) override {
    store_.flush(patience, std::move(done));
  }
  void query(QueryRequest request, QueryDone done) override {
    store_.query(std::move(request), std::move(done));
  }
  [[nodiscard]] HistoryStatus status() const override { return store_.status(); }
  void stop() override { store_.stop(); }

 private:
  HistoryStore& store_;
  const AgentExporters& exporters_;
};

/// An entry beside those of the probes: "export:NAME".
[[nodiscard]] ProbeStatus export_probe_status(const OutboxStatus& status);
/// What all of them lost, by cause, for Snapshot::losses.
[[nodiscard]] std::vector<LossCounter> export_losses(std::span<const OutboxStatus> all);

}  // namespace netprobe
