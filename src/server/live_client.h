// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "cluster/live_merge.h"
#include "io/http_server.h"
#include "query/query.h"

namespace netprobe {

/// One client of a stream of the cluster: takes what the agents tell, in order, and writes
/// it. Kept by the end of its stream, which is told when it has gone. Safe from every thread.
class LiveClient : public std::enable_shared_from_this<LiveClient> {
 public:
  virtual ~LiveClient() = default;
  LiveClient(const LiveClient&) = delete;
  LiveClient& operator=(const LiveClient&) = delete;

  /// False: the client has gone already. All outlive this.
  bool begin(EventStreamPtr stream, Query query, AgentDirectory& agents, const Clock& clock);
  /// The client has gone.
  void close();

 protected:
  /// `together`: items that are written at once.
  LiveClient(Scheduler& scheduler, std::size_t together)
      : scheduler_(scheduler), together_(together) {}
  /// Adds an item as an event; nothing where it is none for this client.
  virtual void append(std::string& text, const LiveItem& item) NETPROBE_REQUIRES(mutex_) = 0;
  /// An agent came, and that was written.
  virtual void on_joined() {}
  void write(std::string text, std::uint64_t events) NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] bool is_closed() const NETPROBE_REQUIRES(mutex_) { return closed_; }

  Mutex mutex_;

 private:
  void drain();

  Scheduler& scheduler_;
  const std::size_t together_;
  EventStreamPtr stream_ NETPROBE_GUARDED_BY(mutex_);
  std::shared_ptr<LiveMerge> merge_ NETPROBE_GUARDED_BY(mutex_);
  bool closed_ NETPROBE_GUARDED_BY(mutex_) = false;
};

}  // namespace netprobe
