// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/http_server.h"
#include "model/alert.h"
#include "model/readers.h"
#include "model/response.h"
#include "query/history_store.h"

namespace netprobe {

/// The metrics page: text and its content type.
struct MetricsPage {
  std::string content_type;
  std::string body;
};
/// Renders a snapshot for a client that sent this Accept header. Called on the
/// HTTP server's thread only.
using MetricsRenderer = std::function<MetricsPage(const Snapshot&, std::string_view accept)>;

struct ApiOptions {
  std::string metrics_path = "/metrics";
};

/// Who may change something: docs/adr/0010-response.md.
struct WriteAccess {
  std::string token;     ///< empty: nobody may
  std::string why_none;  ///< why there is no token
  bool remote = false;   ///< from other machines, too, over plain HTTP
};

/// What the API reads from. The referenced objects must outlive the server's
/// stop().
struct ApiSources {
  SnapshotSource& snapshots;
  FlowFeed& feed;
  ReadinessCheck readiness;
  MetricsRenderer metrics;
  const Clock& clock;
  /// Null: history is off.
  HistoryStore* history = nullptr;
  /// Calls back, on any thread, when what was seen up to now is in the store, or
  /// does not come. Empty: nothing waits.
  std::function<void(std::function<void()>)> flush_history = nullptr;
  /// What detectors found, from any thread; never null. Empty: detection is off.
  std::function<AlertReportPtr()> alerts = nullptr;
  /// Its name is in the events of streams.
  std::string node = {};
  /// Writes an answer to a Parquet file; called on a thread of the store or of
  /// the server. Empty: there is nothing that can.
  std::function<Status(const QueryAnswer&, const std::string& path)> export_parquet = nullptr;
  /// Blocks and limits; null: this program has none.
  Responder* response = nullptr;
  WriteAccess writes = {};
};

/// The stage under which losses of live streams' clients are counted.
inline constexpr std::string_view kStreamStage = "api_stream";

/// The stage under which answers are counted whose client did not wait for them.
inline constexpr std::string_view kAnswerStage = "api_answer";

/// What the server could not deliver, for Snapshot::losses (and so for
/// netprobe_events_lost_total). Any thread.
[[nodiscard]] std::vector<LossCounter> stream_losses(const HttpServerStats& stats);

struct ApiContext;
class AskWorker;
class AlertHub;
class FlowHub;

/// The HTTP API: reads only, but for blocks. Answers are built from snapshots on the server's
/// thread, and where a query is asked on a worker's, so no reader ever holds up the path of data.
class Api {
 public:
  Api(ApiOptions options, ApiSources sources);
  /// Unsubscribes from the feed; stop the server first.
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// Adds all routes; before server.start(), once.
  void add_routes(HttpServer& server);

 private:
  std::unique_ptr<AskWorker> live_worker_;
  std::unique_ptr<AskWorker> response_worker_;  ///< null without response
  std::shared_ptr<ApiContext> context_;
  std::shared_ptr<FlowHub> hub_;
  std::shared_ptr<AlertHub> alerts_;
};

}  // namespace netprobe
