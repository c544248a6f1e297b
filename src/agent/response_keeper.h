// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agent/options.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "intel/intel_index.h"
#include "io/host_lookup.h"
#include "model/readers.h"
#include "model/response.h"
#include "response/block_list.h"

namespace netprobe {

/// Blocks of this node: the keeper (response/block_list.h) on what carries them out, an
/// allow list that follows the node and the cluster, and lists that are blocked as a whole.
/// docs/response.md. Off, it is nothing but the sentence that says so.
class ResponseKeeper final : public Responder {
 public:
  /// Usage errors: lists that there are not. `clock` outlives it.
  [[nodiscard]] static Result<std::unique_ptr<ResponseKeeper>> make(const AgentOptions& options,
                                                                    const Clock& clock);
  ~ResponseKeeper() override;
  ResponseKeeper(const ResponseKeeper&) = delete;
  ResponseKeeper& operator=(const ResponseKeeper&) = delete;

  [[nodiscard]] bool is_wanted() const { return options_.response != ResponseMode::kOff; }
  /// What carries out blocks, or why nothing does; any thread, also again.
  void take_plane(Result<std::shared_ptr<BlockPlane>> plane) NETPROBE_EXCLUDES(mutex_);
  /// A newer state of all lists; any thread.
  void take_lists(std::shared_ptr<const intel::IntelIndex> lists) NETPROBE_EXCLUDES(mutex_);
  /// `snapshots` outlives it, and tells of the cluster.
  void start(SnapshotSource& snapshots);
  void stop() NETPROBE_EXCLUDES(mutex_);

  [[nodiscard]] ResponseReport brief() const override NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] ResponseReport report() const override NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] Result<BlockRecord> block(const BlockRequest& request) override;
  [[nodiscard]] Status unblock(const std::string& what, const std::string& who,
                               const std::string& reason) override;
  [[nodiscard]] Result<LimitRecord> limit(const LimitRequest& request) override;
  [[nodiscard]] Status unlimit(const PlaneLimit& limit, const std::string& who,
                               const std::string& reason) override;
  [[nodiscard]] Status clear(const std::string& who, const std::string& reason) override;
  [[nodiscard]] Status protect(const IpAddress& address, const std::string& reason) override
      NETPROBE_EXCLUDES(mutex_, allow_mutex_);

 private:
  ResponseKeeper(const AgentOptions& options, const Clock& clock);
  [[nodiscard]] std::shared_ptr<BlockList> list() const NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] std::unexpected<Error> off() const NETPROBE_EXCLUDES(mutex_);
  void open(std::shared_ptr<BlockPlane> plane) NETPROBE_EXCLUDES(mutex_);
  void run() NETPROBE_EXCLUDES(mutex_);
  void ask_for_cluster() NETPROBE_EXCLUDES(mutex_);
  /// Names that are no addresses; may take seconds.
  void look_up_hosts() NETPROBE_EXCLUDES(mutex_);
  Status refresh_allowed() NETPROBE_EXCLUDES(mutex_, allow_mutex_);
  [[nodiscard]] std::vector<AllowedNetwork> allowed_now() NETPROBE_EXCLUDES(mutex_);
  void load_lists() NETPROBE_EXCLUDES(mutex_);
  /// Keeps what brief() tells.
  void note_status() NETPROBE_EXCLUDES(mutex_);

  const AgentOptions options_;
  const Clock& clock_;
  SnapshotSource* snapshots_ = nullptr;
  HostLookup lookup_;  ///< the thread's

  mutable Mutex allow_mutex_;  ///< held while the allow list changes; before mutex_
  mutable Mutex mutex_;
  std::condition_variable_any news_;
  std::atomic<bool> stopping_{false};  ///< set under mutex_
  std::string why_off_ NETPROBE_GUARDED_BY(mutex_);
  std::shared_ptr<BlockPlane> plane_ NETPROBE_GUARDED_BY(mutex_);  ///< that waits to be opened
  std::shared_ptr<BlockList> list_ NETPROBE_GUARDED_BY(mutex_);    ///< null: off
  BlockListStatus status_ NETPROBE_GUARDED_BY(mutex_);
  /// The cluster's part; shared with what asks for it, which may come late.
  struct Cluster;
  const std::shared_ptr<Cluster> cluster_;
  std::vector<AllowedNetwork> hosts_ NETPROBE_GUARDED_BY(mutex_);  ///< that were looked up
  /// Who works from where, newest last.
  std::vector<AllowedNetwork> protected_ NETPROBE_GUARDED_BY(mutex_);
  std::shared_ptr<const intel::IntelIndex> lists_ NETPROBE_GUARDED_BY(mutex_);
  bool lists_are_new_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool lists_ended_ NETPROBE_GUARDED_BY(mutex_) = false;  ///< somebody ended everything
  Nanos lists_loaded_ NETPROBE_GUARDED_BY(mutex_) = 0;    ///< monotonic
  std::thread thread_;
};

}  // namespace netprobe
