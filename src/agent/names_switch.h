// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "kube/client/kube_client.h"
#include "link/names_client.h"
#include "link/names_ledger.h"

namespace netprobe {

struct NamesSwitchOptions {
  /// The server is away for so long: the API server is asked.
  Nanos patience = 60 * kSecond;
  /// Meanwhile the server is tried so often,
  Nanos try_every = 30 * kSecond;
  /// and given up again where it has not told everything within this.
  Nanos try_for = 20 * kSecond;
  Nanos look_every = kSecond;
};

/// Learns of the cluster's objects from netprobe-server, and from the API server while
/// that is away. What one told and the other does not is told as deleted. To its
/// user it is a KubeClient.
class NamesSwitch final : public KubeClient {
 public:
  using MakeServer = std::function<std::unique_ptr<NamesClient>(NamesLedgerPtr, NamesSink)>;
  /// Empty: there is no way to the API server, the server alone is asked.
  using MakeApi = std::function<std::unique_ptr<KubeClient>(KubeSink)>;

  /// `clock` outlives it. The sink may be called by two threads at once.
  NamesSwitch(NamesSwitchOptions options, const Clock& clock, MakeServer server, MakeApi api,
              KubeSink sink);
  ~NamesSwitch() override;

  void start() override;
  void stop() override;
  [[nodiscard]] KubeStatus status() const override;
  [[nodiscard]] Nanos cpu_time() const override { return 0; }

 private:
  void run();
  void look(Nanos now) NETPROBE_EXCLUDES(mutex_);
  void look_at_server(Nanos now) NETPROBE_REQUIRES(mutex_);
  void look_at_api(Nanos now) NETPROBE_REQUIRES(mutex_);
  void finish_round() NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] KubeSink noting_sink();

  const NamesSwitchOptions options_;
  const Clock& clock_;
  const MakeServer make_server_;
  const MakeApi make_api_;
  const KubeSink sink_;
  const NamesLedgerPtr ledger_ = std::make_shared<NamesLedger>();

  mutable Mutex mutex_;
  std::condition_variable_any stop_;
  bool stopping_ NETPROBE_GUARDED_BY(mutex_) = false;
  std::unique_ptr<NamesClient> server_ NETPROBE_GUARDED_BY(mutex_);
  std::unique_ptr<KubeClient> api_ NETPROBE_GUARDED_BY(mutex_);  ///< null: the server it is
  bool api_synced_ NETPROBE_GUARDED_BY(mutex_) = false;
  Nanos away_since_ NETPROBE_GUARDED_BY(mutex_) = 0;          ///< monotonic; 0: it is there
  Nanos tried_ NETPROBE_GUARDED_BY(mutex_) = 0;               ///< monotonic
  std::vector<KubeChange> gone_ NETPROBE_GUARDED_BY(mutex_);  ///< the sink had no room
  std::thread thread_;
};

}  // namespace netprobe
