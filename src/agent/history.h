// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "agent/options.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/readers.h"
#include "query/history_store.h"

namespace netprobe {

/// The folder of history and state. A temporary one is removed with this.
class DataDir {
 public:
  /// Makes `path` where it is not there, for this user alone. Where it cannot be
  /// written, a temporary one below $TMPDIR or /tmp. An error: neither can.
  [[nodiscard]] static Result<DataDir> open(const std::string& path);
  ~DataDir();
  DataDir(DataDir&& other) noexcept;
  DataDir& operator=(DataDir&&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Why it is not the one that was asked for; empty: it is.
  [[nodiscard]] const std::string& why_temporary() const { return why_; }

 private:
  DataDir(std::string path, std::string why) : path_(std::move(path)), why_(std::move(why)) {}
  std::string path_;
  std::string why_;
};

/// Whoever asks is told why there is no history; nothing is kept.
class NoHistory final : public HistoryStore {
 public:
  explicit NoHistory(std::string why) : why_(std::move(why)) {}
  void write(HistoryBatchPtr /*batch*/) override {}
  void flush(Micros /*patience*/, std::function<void()> done) override { done(); }
  void query(QueryRequest request, QueryDone done) override;
  [[nodiscard]] HistoryStatus status() const override;
  void stop() override {}

 private:
  const std::string why_;
};

/// History as the options want it. Owns the store; never without one.
class AgentHistory {
 public:
  /// An error is a usage error. What else goes wrong turns history off alone, and
  /// is said in the log.
  [[nodiscard]] static Result<AgentHistory> make(const AgentOptions& options, const Clock& clock);

  [[nodiscard]] HistoryStore& store() { return *store_; }
  /// Are records wanted at all?
  [[nodiscard]] bool is_on() const { return on_; }

 private:
  AgentHistory(std::unique_ptr<DataDir> dir, std::unique_ptr<HistoryStore> store, bool on)
      : dir_(std::move(dir)), store_(std::move(store)), on_(on) {}
  std::unique_ptr<DataDir> dir_;  ///< null without files; goes after the store
  std::unique_ptr<HistoryStore> store_;
  bool on_ = false;
};

/// The agent's readiness with that of history: a node does its work without it,
/// so what is wrong there is told beside, unless it is required.
[[nodiscard]] Readiness with_history(Readiness agent, const HistoryStatus& history, bool wanted,
                                     bool required);
/// What the store lost, for Snapshot::losses. What was removed by age or size is
/// no loss.
[[nodiscard]] std::vector<LossCounter> history_losses(const HistoryStatus& history);
/// An entry beside those of the probes.
[[nodiscard]] ProbeStatus history_probe_status(const HistoryStatus& history);

}  // namespace netprobe
