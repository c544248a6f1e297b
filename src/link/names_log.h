// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/kube.h"

namespace netprobe {

/// What the server tells agents of the cluster's objects: all there are, then each
/// change. A change is written as bytes once, however many watch; changes are kept for
/// a while for watches that broke. Thread-safe.
class NamesLog {
 public:
  struct Options {
    std::string run_id;                  ///< another one after each start
    std::size_t max_bytes = 32U << 20U;  ///< of changes that are kept
    std::size_t message_bytes = 256U << 10U;
    Nanos heartbeat = 5 * kSecond;
    std::size_t max_watches = 8192;
  };
  NamesLog(Options options, const Clock& clock);

  /// A KubeSink: takes all.
  bool take(std::vector<KubeChange>& changes) NETPROBE_EXCLUDES(mutex_);
  /// How the server stands with the API server: told now and then. `status` of its
  /// client; until it was synced once, watches are not told that they have all.
  void set_status(const KubeStatus& status) NETPROBE_EXCLUDES(mutex_);

  /// Bytes of a NamesReply, in pieces that belong behind each other.
  using Pieces = std::vector<std::shared_ptr<const std::string>>;
  class Watch {
   public:
    Watch(NamesLog& log, std::function<void()> wake) : log_(log), wake_(std::move(wake)) {}
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    /// What is to be sent next. Nothing: `wake` will be called.
    [[nodiscard]] std::optional<Pieces> next();

   private:
    friend NamesLog;
    NamesLog& log_;
    const std::function<void()> wake_;
    // Guarded by the log's mutex.
    std::shared_ptr<const Pieces> all_;  ///< objects that are still to be told
    std::size_t told_ = 0;               ///< of them
    std::uint64_t sequence_ = 0;
    bool anew_ = true;
    bool greeted_ = false;
    bool synced_ = false;
    Nanos sent_ = 0;
  };
  using WatchPtr = std::shared_ptr<Watch>;
  /// `run_id`, `after`: of a watch that broke. Null: there are too many watches.
  [[nodiscard]] WatchPtr open(const std::string& run_id, std::uint64_t after,
                              std::function<void()> wake) NETPROBE_EXCLUDES(mutex_);
  /// Wakes watches that were told nothing for long; now and then, from any thread.
  void tick() NETPROBE_EXCLUDES(mutex_) { wake_all(); }
  [[nodiscard]] std::size_t watches() const NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] std::size_t objects() const NETPROBE_EXCLUDES(mutex_);

 private:
  using Piece = std::shared_ptr<const std::string>;
  struct Change {
    std::uint64_t sequence = 0;
    Piece bytes;
  };
  void wake_all() NETPROBE_EXCLUDES(mutex_);
  void begin_anew(Watch& watch) NETPROBE_REQUIRES(mutex_);
  std::optional<Pieces> next(Watch& watch) NETPROBE_EXCLUDES(mutex_);

  const Options options_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::map<std::string, Piece> objects_ NETPROBE_GUARDED_BY(mutex_);
  std::deque<Change> changes_ NETPROBE_GUARDED_BY(mutex_);
  std::size_t bytes_ NETPROBE_GUARDED_BY(mutex_) = 0;
  std::uint64_t sequence_ NETPROBE_GUARDED_BY(mutex_) = 0;
  /// All objects as of `all_sequence_`, for newcomers, who come together.
  std::shared_ptr<const Pieces> all_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t all_sequence_ NETPROBE_GUARDED_BY(mutex_) = 0;
  std::vector<std::weak_ptr<Watch>> watches_ NETPROBE_GUARDED_BY(mutex_);
  std::size_t open_ NETPROBE_GUARDED_BY(mutex_) = 0;
  bool synced_ NETPROBE_GUARDED_BY(mutex_) = false;
  std::string problem_ NETPROBE_GUARDED_BY(mutex_);
  Nanos last_contact_ NETPROBE_GUARDED_BY(mutex_) = 0;
};

}  // namespace netprobe
