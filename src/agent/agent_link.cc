// SPDX-License-Identifier: Apache-2.0
#include "agent/agent_link.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>

#include "agent/names_switch.h"
#include "agent/page_fetcher.h"
#include "api/context.h"
#include "api/live_records.h"
#include "base/version.h"

namespace netprobe {
namespace {

constexpr const char* kFileName = "netprobe-link.so";

std::string place_of_module() {
  if (const char* named = std::getenv("NETPROBE_LINK"); named != nullptr && *named != '\0')
    return named;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return kFileName;
  for (const auto& place : {program.parent_path() / kFileName,
                            program.parent_path().parent_path() / "lib/netprobe" / kFileName})
    if (std::filesystem::exists(place, error)) return place;
  return kFileName;
}

Result<const LinkModule*> load_module() {
  const std::string path = place_of_module();
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return fail(
        fmt::format("gRPC is asked for and its part of this program cannot be loaded ({}): "
                    "put {} beside it or into ../lib/netprobe, or name it with "
                    "NETPROBE_LINK",
                    ::dlerror(), kFileName));
  const auto get = reinterpret_cast<LinkModuleGetter>(::dlsym(handle, kLinkModuleSymbol));
  const LinkModule* module = get == nullptr ? nullptr : get();
  if (module == nullptr || std::string_view(module->version) != kVersion)
    return fail(
        fmt::format("{} is not of this version ({}): install both from one build", path, kVersion));
  return module;
}

std::string make_run_id(const Clock& clock) {
  return fmt::format("{:x}-{:x}", clock.wall() / kMicrosecond, ::getpid());
}

bool reaches_api(const AgentOptions& options) {
  return !options.kubeconfig.empty() || in_cluster();
}

/// What is live, as source=live of the HTTP API answers it; on that server's thread.
void answer_live(SnapshotSource& snapshots, const HttpExecutor& run, QueryRequest request,
                 QueryDone done) {
  snapshots.request(
      kSnapshotAge, true, [run, request = std::move(request), done](const SnapshotPtr& taken) {
        run([request, done, taken] {
          if (!taken)
            return done(std::unexpected(
                QueryFailure{QueryFailure::Kind::kNoStore, "the agent is starting or stopping"}));
          const LiveRecords records(*taken, request.query.kind);
          auto result = evaluate(request, records.refs());
          if (result) result->kept_since = taken->started_at / kMicrosecond;
          done(std::move(result));
        });
      });
}

}  // namespace

AgentLink::AgentLink(const AgentOptions& options, const Clock& clock)
    : options_(std::make_unique<AgentOptions>(options)), clock_(clock) {}
AgentLink::~AgentLink() { stop(); }
AgentLink::AgentLink(AgentLink&&) noexcept = default;

Result<AgentLink> AgentLink::make(const AgentOptions& options, const Clock& clock) {
  AgentLink link(options, clock);
  const bool asks = !options.server.empty() && options.names_from != NamesFrom::kApi;
  if (options.names_from == NamesFrom::kServer && options.server.empty())
    return fail("--names-from=server needs --server HOST:PORT", ErrorKind::kUsage);
  if (!asks && options.grpc_listen.empty()) return link;
  if (!options.grpc_listen.empty())
    if (auto address = ListenAddress::parse(options.grpc_listen); !address)
      return std::unexpected(
          Error{"--grpc-listen: " + address.error().message, ErrorKind::kUsage, 0});
  const LinkFiles files{options.grpc_certificate, options.grpc_key, options.grpc_ca};
  if (!options.grpc_insecure &&
      (files.certificate.empty() || files.key.empty() || files.ca.empty()))
    return fail(
        "gRPC needs --grpc-certificate, --grpc-key and --grpc-ca ('netprobe certificates "
        "DIR' makes a set for development), or --grpc-insecure to go without TLS",
        ErrorKind::kUsage);
  auto module = load_module();
  if (!module) return std::unexpected(module.error());
  link.module_ = *module;
  auto credentials = link.module_->credentials(
      {.files = files, .insecure = options.grpc_insecure, .peer_name = options.server_tls_name},
      clock);
  if (!credentials) return std::unexpected(credentials.error());
  link.credentials_ = std::move(*credentials);
  if (options.grpc_insecure)
    spdlog::warn("gRPC goes without TLS: whoever reaches the port may ask, and read along");
  return link;
}

NamesMaker AgentLink::names() const {
  if (module_ == nullptr || options_->server.empty() || options_->names_from == NamesFrom::kApi)
    return nullptr;
  return [this](KubeClientOptions kube, KubeSink sink) -> std::unique_ptr<KubeClient> {
    NamesClientOptions names;
    names.server = options_->server;
    names.node = options_->node_name;
    names.version = kVersion;
    const auto server = [names, module = module_, credentials = credentials_, &clock = clock_](
                            NamesLedgerPtr ledger, NamesSink to) {
      return module->names_client(names, credentials, clock, std::move(ledger), std::move(to));
    };
    NamesSwitch::MakeApi api;
    if (options_->names_from == NamesFrom::kAuto && reaches_api(*options_))
      api = [kube = std::move(kube), &clock = clock_](KubeSink to) {
        return KubeClient::make(kube, clock, std::move(to));
      };
    return std::make_unique<NamesSwitch>(NamesSwitchOptions{}, clock_, server, std::move(api),
                                         std::move(sink));
  };
}

Status AgentLink::serve(const ApiSources& sources, HttpServer& http, AlertFeed* alerts) {
  if (module_ == nullptr || options_->grpc_listen.empty()) return {};
  pages_ = std::make_unique<PageFetcher>("http://" + http.endpoint());
  AgentServiceOptions service;
  service.node = options_->node_name;
  service.version = kVersion;
  service.run_id = make_run_id(clock_);
  service.started = clock_.wall();
  AgentSources from{.snapshots = sources.snapshots,
                    .feed = sources.feed,
                    .clock = clock_,
                    .history = sources.history,
                    .live =
                        [&snapshots = sources.snapshots, run = http.executor()](
                            QueryRequest request, QueryDone done) {
                          answer_live(snapshots, run, std::move(request), std::move(done));
                        },
                    .flush_history = sources.flush_history,
                    .page =
                        [pages = pages_.get()](std::string path, const std::string& query,
                                               std::function<void(PageAnswer)> done) {
                          pages->fetch(std::move(path), query, std::move(done));
                        },
                    .alerts = alerts};
  auto address = ListenAddress::parse(options_->grpc_listen);
  if (!address) return std::unexpected(address.error());
  auto server = module_->agent_server(*address, *credentials_, std::move(service), std::move(from));
  if (!server) return std::unexpected(server.error());
  spdlog::info("gRPC for netprobe-server at port {}", (*server)->port());
  const MutexLock lock(*mutex_);
  server_ = std::move(*server);
  return {};
}

void AgentLink::stop() {
  if (!mutex_) return;  // moved from
  std::unique_ptr<AgentServer> server;
  {
    const MutexLock lock(*mutex_);
    server = std::move(server_);
  }
  server.reset();  // its last calls end, and may take their time
  pages_.reset();
}

std::optional<LinkCounts> AgentLink::counts() const {
  const MutexLock lock(*mutex_);
  if (!server_) return std::nullopt;
  AgentServiceCounts counts = server_->counts();
  return LinkCounts{.calls = std::move(counts.calls),
                    .unreadable = counts.unreadable,
                    .stalled = counts.stalled,
                    .live_bytes = counts.live_bytes};
}

}  // namespace netprobe
