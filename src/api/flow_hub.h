// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include "api/query.h"
#include "base/mutex.h"
#include "io/http_server.h"
#include "model/readers.h"

namespace netprobe {

/// Fans live flows out to the clients of /api/stream. The data thread only
/// hands over a batch; each changed flow is written as text once, on the
/// server's thread, however many clients want it. Subscribed while there is a
/// client.
class FlowHub : public std::enable_shared_from_this<FlowHub> {
 public:
  FlowHub(FlowFeed& feed, HttpExecutor executor);
  ~FlowHub();
  FlowHub(const FlowHub&) = delete;
  FlowHub& operator=(const FlowHub&) = delete;

  // The server's thread only. `node`: whose flows the feed has.
  [[nodiscard]] std::uint64_t new_client() { return next_client_++; }
  void add(std::uint64_t client, EventStreamPtr stream, StreamQuery query, std::string node);
  void remove(std::uint64_t client);

 private:
  struct Client {
    EventStreamPtr stream;
    StreamQuery query;
    std::string node;  ///< whose flows they are
  };
  void take(FlowBatchPtr batch);
  void work();
  void send(const Flow& flow);

  FlowFeed& feed_;
  const HttpExecutor executor_;
  std::uint64_t next_client_ = 1;
  std::map<std::uint64_t, Client> clients_;
  std::uint64_t subscription_ = 0;
  bool subscribed_ = false;
  FlowBatchPtr current_;
  std::size_t position_ = 0;  ///< in current_

  Mutex mutex_;
  std::deque<FlowBatchPtr> backlog_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t overflow_ NETPROBE_GUARDED_BY(mutex_) = 0;  ///< flows refused, not yet told
  bool scheduled_ NETPROBE_GUARDED_BY(mutex_) = false;
};

}  // namespace netprobe
