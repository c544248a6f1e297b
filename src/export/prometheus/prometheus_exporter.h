// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "export/prometheus/interface_rows.h"
#include "export/prometheus/text_writer.h"
#include "model/link_counts.h"
#include "model/metric_set.h"
#include "model/response.h"
#include "model/snapshot.h"
#include "outbox/outbox.h"
#include "query/history_store.h"

namespace netprobe {

struct PrometheusOptions {
  bool active_only = false;           ///< leave out interfaces that saw no packet
  std::size_t max_interfaces = 1000;  ///< with series of their own; the rest are "~other"
  /// Asked for each page; empty: there is no history to tell of.
  std::function<HistoryStatus()> history = nullptr;
  /// The same of exporters.
  std::function<std::vector<OutboxStatus>()> exporters = nullptr;
  /// The same of blocks: the mode and status; lists are not looked at.
  std::function<ResponseReport()> response = nullptr;
  /// The same of the link to servers; what gives nothing has none.
  std::function<std::optional<LinkCounts>()> link = nullptr;
};

/// Renders snapshots as the metrics page, or collects the same for those that push
/// it. Remembers what it folded: use one for the agent's life, from one thread.
class PrometheusExporter {
 public:
  explicit PrometheusExporter(PrometheusOptions options);
  /// The page in `format`; see content_type(format) for its type.
  [[nodiscard]] std::string render(const Snapshot& snapshot, TextFormat format);
  /// The same metrics, with the same values.
  [[nodiscard]] MetricSet collect(const Snapshot& snapshot);

 private:
  void write(const Snapshot& snapshot, MetricWriter& out);

  PrometheusOptions options_;
  InterfaceFold fold_;
  std::size_t last_size_ = 16UL * 1024;  ///< of the page: the next one is about as large
  std::size_t last_samples_ = 0;         ///< of a collection
  std::size_t last_text_ = 0;
};

}  // namespace netprobe
