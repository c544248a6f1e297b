// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "link/credentials.h"
#include "link/names_ledger.h"
#include "model/kube.h"

namespace netprobe {

struct NamesClientOptions {
  std::string server;  ///< "netprobe-server:8083"
  std::string node;    ///< ours
  std::string version;
  Nanos backoff_min = 200 * kMillisecond;
  Nanos backoff_max = 5 * kSecond;
  Nanos silence = 20 * kSecond;  ///< without a word the watch is begun again
  /// What a server may tell of at once: its cluster is no larger.
  std::size_t max_objects = 1'000'000;
};
/// As KubeSink of kube/client: takes changes in order; false: no room now, what is left
/// is offered again shortly, and nothing is read meanwhile.
using NamesSink = std::function<bool(std::vector<KubeChange>& changes)>;

/// Learns of the cluster's objects from the server. Never gives up; after a gap that
/// the server cannot fill it tells what has gone. On gRPC's threads.
class NamesClient {
 public:
  virtual ~NamesClient() = default;  ///< stops
  /// `clock` outlives it.
  [[nodiscard]] static std::unique_ptr<NamesClient> make(NamesClientOptions options,
                                                         LinkCredentialsPtr credentials,
                                                         const Clock& clock, NamesLedgerPtr ledger,
                                                         NamesSink sink);
  virtual void start() = 0;
  /// The sink is not called any more. Idempotent.
  virtual void stop() = 0;
  [[nodiscard]] virtual KubeStatus status() const = 0;
};

}  // namespace netprobe
