// SPDX-License-Identifier: Apache-2.0
#include "agent/history.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "store/clickhouse/clickhouse_store.h"
#include "store/duckdb/duckdb_store.h"

namespace netprobe {
namespace {

namespace fs = std::filesystem;

/// Empty, or why not.
std::string make_writable(const std::string& path) {
  std::error_code error;
  const fs::path parent = fs::path(path).parent_path();
  if (fs::create_directories(parent, error); error) return error.message();
  // Who talked to whom is for nobody else's eyes.
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return std::strerror(errno);
  if (!fs::is_directory(path, error)) return "it is no folder";
  // Asks for what the file system and its mount allow, too.
  if (::access(path.c_str(), W_OK | X_OK) != 0) return std::strerror(errno);
  return {};
}

ClickHouseOptions clickhouse_options(const AgentOptions& options, const std::string& folder) {
  ClickHouseOptions remote = options.clickhouse;
  remote.spill_directory = folder + "/clickhouse";
  remote.spill_bytes = options.history_max_disk;
  remote.memory_bytes = options.history_memory;
  remote.keep_raw = options.history_raw;
  remote.keep_minutes = options.history_minutes;
  remote.keep_hours = options.history_hours;
  remote.keep_events = options.history_events;
  // The agent is to be gone within two seconds; what waits is on disk then.
  remote.stop_patience = kSecond;
  return remote;
}

Result<std::unique_ptr<HistoryStore>> open_store(const AgentOptions& options,
                                                 const std::string& folder, const Clock& clock) {
  if (!options.clickhouse.url.empty())
    return make_clickhouse_store(clickhouse_options(options, folder));
  DuckDbOptions embedded;
  embedded.directory = folder + "/history";
  embedded.max_bytes = options.history_max_disk;
  embedded.memory_limit = options.history_memory;
  embedded.keep_raw = options.history_raw / kMicrosecond;
  embedded.keep_minute = options.history_minutes / kMicrosecond;
  embedded.keep_hour = options.history_hours / kMicrosecond;
  embedded.keep_events = options.history_events / kMicrosecond;
  return DuckDbStore::open(embedded, clock);
}

}  // namespace

Result<DataDir> DataDir::open(const std::string& path) {
  std::string why = make_writable(path);
  if (why.empty()) return DataDir(path, {});
  const char* root = std::getenv("TMPDIR");
  std::string temporary = fmt::format("{}/netprobe-XXXXXX", root != nullptr ? root : "/tmp");
  if (::mkdtemp(temporary.data()) == nullptr)
    return fail(fmt::format("{} cannot be written ({}), and no temporary folder can be made ({})",
                            path, why, std::strerror(errno)));
  return DataDir(std::move(temporary), fmt::format("{} cannot be written ({})", path, why));
}

DataDir::DataDir(DataDir&& other) noexcept
    : path_(std::exchange(other.path_, {})), why_(std::exchange(other.why_, {})) {}

DataDir::~DataDir() {
  std::error_code ignored;
  if (!path_.empty() && !why_.empty()) fs::remove_all(path_, ignored);
}

void NoHistory::query(QueryRequest /*request*/, QueryDone done) {
  done(std::unexpected(QueryFailure{QueryFailure::Kind::kNoStore, "history is off: " + why_}));
}

HistoryStatus NoHistory::status() const {
  HistoryStatus status;
  status.engine = "off";
  status.problem = why_;
  return status;
}

Result<AgentHistory> AgentHistory::make(const AgentOptions& options, const Clock& clock) {
  const auto none = [](std::string why) {
    return AgentHistory(nullptr, std::make_unique<NoHistory>(std::move(why)), false);
  };
  const auto off = [&](const Error& error) {
    spdlog::warn("history is off: {}; everything else runs", error.message);
    return none(error.message);
  };
  if (!options.enable_history) return none("--enable-history=false");
  auto opened = DataDir::open(options.data_dir);
  if (!opened) return off(opened.error());
  auto dir = std::make_unique<DataDir>(std::move(*opened));
  if (!dir->why_temporary().empty())
    spdlog::warn("{}; history is in {} until the agent ends", dir->why_temporary(), dir->path());
  auto store = open_store(options, dir->path(), clock);
  if (!store && store.error().kind == ErrorKind::kUsage) return std::unexpected(store.error());
  if (!store) return off(store.error());
  return AgentHistory(std::move(dir), std::move(*store), true);
}

Readiness with_history(Readiness agent, const HistoryStatus& history, bool wanted, bool required) {
  if (!agent.ready || !wanted || history.writable) return agent;
  const std::string why =
      fmt::format("history is not written: {}",
                  history.problem.empty() ? "the store is not open yet" : history.problem);
  return {!required, why};
}

std::vector<LossCounter> history_losses(const HistoryStatus& history) {
  std::vector<LossCounter> losses;
  for (const auto& [cause, count] : history.lost)
    if (cause != "retention") losses.push_back({"history", cause, count});
  return losses;
}

ProbeStatus history_probe_status(const HistoryStatus& history) {
  ProbeStatus status;
  status.name = "history";
  const bool off = history.engine == "off";
  status.state = off ? ProbeState::kOff : history.writable ? ProbeState::kOn : ProbeState::kFailed;
  if (!off) status.rung = history.engine;
  status.why = history.problem.empty() ? history.where : history.problem;
  status.events = history.rows_written;
  return status;
}

}  // namespace netprobe
