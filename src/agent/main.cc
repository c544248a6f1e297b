// SPDX-License-Identifier: Apache-2.0
// netprobe-agent: wires the probes, the flow table and the servers of one node.
#include <fmt/format.h>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <thread>

#include "agent/agent_link.h"
#include "agent/data_loop.h"
#include "agent/detectors.h"
#include "agent/exporters.h"
#include "agent/history.h"
#include "agent/options.h"
#include "agent/response_keeper.h"
#include "agent/response_token.h"
#include "agent/signal_loop.h"
#include "api/api.h"
#include "base/version.h"
#include "bpf/kernel.h"
#include "export/prometheus/prometheus_exporter.h"
#include "io/http_server.h"
#include "io/single_instance.h"
#include "probes/flow/cleanup.h"
#include "store/duckdb/parquet_file.h"

namespace netprobe {
namespace {

int exit_code(const Error& error) { return error.kind == ErrorKind::kUsage ? 2 : 1; }

int refuse(const Error& error) {
  fmt::print(stderr, "netprobe-agent: {}\n", error.message);
  return exit_code(error);
}

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

/// malloc takes the largest block that was ever freed for the size from which
/// on memory goes back to the kernel: what a list of pods or a page for a
/// reader needed for a moment would stay for good, once a thread.
void give_memory_back() {
  constexpr int kFrom = 1 << 20;  // bytes
  (void)::mallopt(M_MMAP_THRESHOLD, kFrom);
  (void)::mallopt(M_TRIM_THRESHOLD, kFrom);
}

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof(name) - 1);
  return name;
}

/// SIGHUP: the filters from the same sources again; what is wrong in them is
/// said, and the old ones stay.
void reload(int argc, const char* const* argv, DataLoop& loop, SignalLoop& signals) {
  auto options = parse_options(argc, argv, environ);
  if (!options) {
    spdlog::error("configuration not read: {}; the old one stays", options.error().message);
    return;
  }
  loop.set_filters(options->interface_filter, options->attach_interface);
  signals.set_filters(options->interface_filter, options->attach_interface);
}

/// What was seen until now goes to history with its drops, which are asked of the
/// signal thread: while that runs. What comes meanwhile follows at the end.
void record_the_last(DataLoop& loop) {
  constexpr std::chrono::milliseconds kPatience{500};
  auto done = std::make_shared<std::promise<void>>();
  auto recorded = done->get_future();
  loop.flush_history(true, [done] { done->set_value(); });
  (void)recorded.wait_for(kPatience);
}

/// What the page says, for one that pushes it. Made on its own thread, by an exporter of
/// its own: which interfaces are folded is remembered.
MetricSource metric_source(DataLoop& loop, const PrometheusOptions& options) {
  auto exporter = std::make_shared<PrometheusExporter>(options);
  return [&loop, exporter](std::function<void(MetricSetMaker)> done) {
    loop.request(0, false, [exporter, done = std::move(done)](SnapshotPtr snapshot) {
      done([exporter, snapshot = std::move(snapshot)]() -> MetricSetPtr {
        if (!snapshot) return nullptr;
        return std::make_shared<const MetricSet>(exporter->collect(*snapshot));
      });
    });
  };
}

/// Who may change something. Without a token nobody may; that is no reason not to run.
WriteAccess write_access(const AgentOptions& options, const ResponseKeeper& response) {
  WriteAccess writes{.token = {}, .why_none = "response is off", .remote = options.response_remote};
  if (!response.is_wanted()) return writes;
  const std::string path = options.response_token_file.empty()
                               ? options.data_dir + "/response.token"
                               : options.response_token_file;
  std::error_code ignored;
  // As history makes it: for this user alone.
  if (std::filesystem::create_directories(std::filesystem::path(options.data_dir), ignored))
    std::filesystem::permissions(options.data_dir, std::filesystem::perms::owner_all, ignored);
  auto token = read_or_make_token(path);
  if (token) {
    spdlog::info("response: changes need the token in {}", path);
    writes.token = std::move(*token);
  } else {
    writes.why_none = token.error().message;
    spdlog::warn("response: nobody can ask for blocks: {}", writes.why_none);
  }
  return writes;
}

/// In the end: for what a receiver has not taken yet.
constexpr Nanos kExportPatience = kSecond;

int serve_until_signal(int argc, const char* const* argv, const AgentOptions& options,
                       HistoryStore& store, AgentExporters& exporters, AgentLink& link,
                       DetectionEngine* detection, ResponseKeeper& response, DataLoop& loop,
                       SignalLoop& signal_loop, HttpServer& server) {
  const SystemClock clock;
  const PrometheusOptions metrics{.active_only = options.active_only,
                                  .history = [&store] { return store.status(); },
                                  .exporters = [&exporters] { return exporters.status(); },
                                  .response = [&response] { return response.brief(); },
                                  .link = [&link] { return link.counts(); }};
  PrometheusExporter exporter(metrics);
  const ApiSources sources{
      .snapshots = loop,
      .feed = loop,
      .readiness =
          [&] {
            return with_history(loop.readiness(), store.status(), options.enable_history,
                                options.history_required);
          },
      .metrics =
          [&exporter](const Snapshot& snapshot, std::string_view accept) {
            const auto format = negotiate_format(accept);
            return MetricsPage{std::string(content_type(format)),
                               exporter.render(snapshot, format)};
          },
      .clock = clock,
      .history = &store,
      .flush_history =
          [&loop](std::function<void()> done) { loop.flush_history(false, std::move(done)); },
      .alerts = detection == nullptr ? std::function<AlertReportPtr()>()
                                     : [detection] { return detection->report(); },
      .node = options.node_name,
      .export_parquet = write_parquet,
      .response = &response,
      .writes = write_access(options, response)};
  Api api({.metrics_path = options.metrics_path}, sources);
  api.add_routes(server);
  loop.add_losses([&server, &exporters] {
    auto losses = stream_losses(server.stats());
    std::ranges::move(export_losses(exporters.status()), std::back_inserter(losses));
    return losses;
  });
  loop.add_probes([&exporters, detection] {
    std::vector<ProbeStatus> probes;
    if (detection != nullptr) probes = watchlist_probes(detection->report()->watchlists);
    for (const OutboxStatus& status : exporters.status())
      probes.push_back(export_probe_status(status));
    return probes;
  });
  if (auto s = server.start(); !s) return refuse(s.error());
  if (auto s = link.serve(sources, server, detection); !s) return refuse(s.error());
  exporters.give_metrics([&] { return metric_source(loop, metrics); });
  exporters.start();
  const std::string watching = loop.attached_summary();  // its thread's, once it runs
  response.start(loop);  // what is not over is in force before lists come
  if (detection != nullptr) detection->start();
  signal_loop.start();
  loop.start();

  if (watching.empty())
    spdlog::warn("no interface matches the filter yet; waiting for one");
  else
    spdlog::info("watching {}", watching);
  spdlog::info(
      "look at http://localhost:{}/ in a browser, at http://localhost:{}{} for metrics, or run: "
      "netprobe top",
      server.port(), server.port(), options.metrics_path);

  const sigset_t signals = handled_signals();
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal == SIGHUP) {
      reload(argc, argv, loop, signal_loop);
      continue;
    }
    spdlog::info("ending: {}", signal == SIGTERM ? "SIGTERM" : "SIGINT");
    break;
  }
  link.stop();
  server.stop();
  response.stop();
  record_the_last(loop);
  signal_loop.stop();
  loop.stop();
  if (detection != nullptr) detection->stop();  // its last alerts go to those below
  // Both at once, since the agent is to be gone within two seconds.
  const std::jthread sending([&exporters] { exporters.stop(kExportPatience); });
  store.stop();
  return 0;
}

int run(int argc, const char* const* argv) {
  give_memory_back();
  // Blocked before any thread starts, so that only sigwait sees them.
  const sigset_t signals = handled_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  (void)std::signal(SIGPIPE, SIG_IGN);

  auto options = parse_options(argc, argv, environ);
  if (!options) return refuse(options.error());
  if (options->show_help) {
    fmt::print("{}{}{}", help_text(), detectors_help(), exporters_help());
    return 0;
  }
  if (options->show_version) {
    fmt::print("netprobe-agent {}\n", kVersion);
    return 0;
  }
  if (auto s = init_log(options->log_format, options->log_level); !s) return refuse(s.error());
  if (options->node_name.empty()) options->node_name = host_name();

  const SystemClock clock;
  auto exporters = AgentExporters::make(options->exports, clock);
  if (!exporters) return refuse(exporters.error());

  // The port first: it is what a second agent meets, and nothing is attached
  // when it is taken.
  HttpServerOptions http;
  http.address = options->listen_address;
  http.port = options->metrics_port;
  auto server = HttpServer::make(http);
  if (!server) return refuse(server.error());
  const auto instance = claim_single_instance();
  if (!instance) return refuse(instance.error());
  lift_memlock_limit();
  const auto kernel = probe_kernel();
  if (!kernel) return refuse(kernel.error());
  if (const auto stale = remove_stale_attachments(); stale)
    for (const std::string& line : *stale)
      spdlog::warn("removed what an earlier agent left at {}", line);

  // Outlives those who write to it; made when nothing else can refuse the start,
  // so that who is refused reads one line.
  std::optional<AgentHistory> history;
  auto link = AgentLink::make(*options, clock);
  if (!link) return refuse(link.error());
  std::optional<ExportedHistory> store;
  auto signal_loop = SignalLoop::make(*options, *kernel);
  if (!signal_loop) return refuse(signal_loop.error());
  auto loop = DataLoop::make(*options, *kernel, **signal_loop, link->names());
  if (!loop) return refuse(loop.error());
  auto made = AgentHistory::make(*options, clock);
  if (!made) return refuse(made.error());
  history.emplace(std::move(*made));
  store.emplace(history->store(), *exporters);
  // Who exports needs the records, whether they are kept here or not.
  const bool recorded = history->is_on() || !exporters->empty();
  (*loop)->keep_history(*store, recorded);
  auto response = ResponseKeeper::make(*options, clock);
  if (!response) return refuse(response.error());
  (*signal_loop)->set_block_plane_sink([raw = response->get()](auto plane) {
    raw->take_plane(std::move(plane));
  });
  auto detection = make_detection(
      *options, clock,
      [&store, recorded](HistoryBatchPtr alerts) {
        if (recorded) store->write(std::move(alerts));
      },
      [raw = response->get()](auto lists) { raw->take_lists(std::move(lists)); });
  if (!detection) return refuse(detection.error());
  if (*detection) (*loop)->detect(**detection);
  if (recorded || *detection) {
    (*signal_loop)
        ->set_event_handlers(
            {.ended = [raw = loop->get()](const Connection& ended) { raw->on_connection(ended); },
             .names = [raw =
                           loop->get()](NameBatchPtr batch) { raw->on_names(std::move(batch)); }});
  }
  (*signal_loop)->open((*loop)->tunnel_maps(), (*loop)->name_maps());
  // Reading the kernel's types took memory that is not needed any more, and
  // that malloc would keep.
  (void)::malloc_trim(0);
  return serve_until_signal(argc, argv, *options, *store, *exporters, *link, detection->get(),
                            **response, **loop, **signal_loop, **server);
}

}  // namespace
}  // namespace netprobe

int main(int argc, char** argv) { return netprobe::run(argc, argv); }
