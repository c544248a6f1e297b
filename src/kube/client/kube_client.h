// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/kube.h"

namespace netprobe {

struct KubeClientOptions {
  /// File; empty: in-cluster (KUBERNETES_SERVICE_HOST and _PORT, and the
  /// service account's folder).
  std::string kubeconfig;
  std::string context;          ///< empty: the current one
  std::string node_name;        ///< needed by this_node_only
  bool this_node_only = false;  ///< of pods, those of `node_name` alone
  std::string user_agent = "netprobe";

  std::string service_account_dir = "/var/run/secrets/kubernetes.io/serviceaccount";
  std::string service_host;  ///< empty: the environment's
  std::string service_port;

  int page_size = 500;      ///< of a list; 0: all in one answer
  bool compressed = false;  ///< asks for lists in gzip: docs/kubernetes-client.md
  bool http2 = true;
  Nanos connect_timeout = 3 * kSecond;
  Nanos keepalive = 3 * kSecond;
  /// A list, or the beginning of a watch, of which nothing comes for so long
  /// is given up. Whole seconds.
  Nanos silence = 20 * kSecond;
  /// Asked of the server for each watch, up to half more at random.
  Nanos watch_time = 300 * kSecond;
  /// The server sends a bookmark a minute; a watch that is silent for longer
  /// than this is begun again where it was.
  Nanos watch_silence = 180 * kSecond;
  /// Between two tries: doubled each time, up to the maximum, at random in the
  /// upper half. The maximum is what an outage costs once it is over.
  Nanos backoff_min = 200 * kMillisecond;
  Nanos backoff_max = 5 * kSecond;
  /// What the server may ask for by Retry-After.
  Nanos retry_after_max = 10 * kSecond;
  /// What is forbidden or not there is asked for again so often, once it has
  /// been so for longer than the patience; before, as after any failure.
  Nanos denied_retry = 60 * kSecond;
  Nanos denied_patience = 15 * kSecond;
  Nanos exec_timeout = 30 * kSecond;
  /// Tokens and authorities in files are read again so often.
  Nanos reread = 60 * kSecond;
  std::size_t max_object = 8U << 20U;  ///< bytes of JSON; larger ones are skipped
};

/// Takes changes in order. False: no room now; what is left in the vector is
/// kept and offered again shortly, and nothing is read from the server until
/// it was taken. Called on the client's thread.
using KubeSink = std::function<bool(std::vector<KubeChange>& changes)>;

/// Lists and watches what names need. One thread of its own, which never gives
/// up: whatever the configuration or the server does is a state and is tried
/// again. After a gap it lists anew and tells what has gone.
class KubeClient {
 public:
  virtual ~KubeClient() = default;
  /// A bad configuration is a state, not an error: the file may be mended.
  [[nodiscard]] static std::unique_ptr<KubeClient> make(KubeClientOptions options,
                                                        const Clock& clock, KubeSink sink);
  /// Once.
  virtual void start() = 0;
  /// Returns in less than a second, whatever the server does; the sink is not
  /// called any more. The destructor does the same.
  virtual void stop() = 0;
  /// From any thread.
  [[nodiscard]] virtual KubeStatus status() const = 0;
  /// Processor time that the client's thread has used; 0 before start().
  [[nodiscard]] virtual Nanos cpu_time() const = 0;
};

/// Is there an in-cluster configuration: the environment's variables and a
/// token file?
[[nodiscard]] bool in_cluster(const KubeClientOptions& options = {});

}  // namespace netprobe
