// SPDX-License-Identifier: Apache-2.0
// gRPC's headers: for .cc files of src/link only.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/mutex.h"
#include "link/grpc_peer.h"
#include "link/proto/netprobe.grpc.pb.h"

namespace netprobe {

/// A call on its way, as far as the peer has to know of it.
class PeerCall {
 public:
  virtual ~PeerCall() = default;
  /// Ends it if nobody wants it any more, or if `all`.
  virtual void look(bool all) = 0;
};

/// What a peer, its calls and its streams share. Outlives the peer by the calls that
/// were under way.
class PeerCore : public std::enable_shared_from_this<PeerCore> {
 public:
  PeerCore(GrpcPeerOptions options, LinkCredentialsPtr credentials, const Clock& clock);

  void start() { say_hello(); }
  void close();
  [[nodiscard]] AgentStatePtr state() const NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] v1::Agent::Stub::async_interface& stub() { return *stub_->async(); }
  [[nodiscard]] const GrpcPeerOptions& options() const { return options_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }

  /// Why nothing can be asked now; empty: it can.
  [[nodiscard]] std::string why_not() const;
  /// A call ended so. What it means for who asked.
  [[nodiscard]] QueryFailure failure_of(const grpc::Status& status);
  /// It sent what cannot be: it is cut off, and tried again later.
  void blame(const std::string& what);
  void contact();
  void set_lost(std::vector<std::pair<std::string, std::uint64_t>> lost);
  /// Looked at now and then until it is gone.
  void watch(const std::shared_ptr<PeerCall>& call) NETPROBE_EXCLUDES(mutex_);
  /// Calls `begin` when the agent is reached; at once where it is.
  void when_ready(std::function<void()> begin) NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] bool closed() const NETPROBE_EXCLUDES(mutex_);

 private:
  struct Hello;
  void say_hello();
  void on_hello(const grpc::Status& status, const v1::HelloReply& reply, Nanos sent);
  void greet(const v1::HelloReply& reply, Nanos sent);
  void refuse(AgentState::Link link, std::string problem);
  void say_hello_after(Nanos delay);
  [[nodiscard]] std::string problem_of(const grpc::Status& status) const;
  /// How long it is left alone yet.
  [[nodiscard]] Nanos cut_off_for() const NETPROBE_EXCLUDES(mutex_);
  void look(bool all) NETPROBE_EXCLUDES(mutex_);
  void change(const std::function<void(AgentState&)>& how) NETPROBE_EXCLUDES(mutex_);

  const GrpcPeerOptions options_;
  const LinkCredentialsPtr credentials_;
  const Clock& clock_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Agent::Stub> stub_;

  mutable Mutex mutex_;
  AgentStatePtr state_ NETPROBE_GUARDED_BY(mutex_);
  Backoff backoff_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<PeerCall>> calls_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> waiting_ NETPROBE_GUARDED_BY(mutex_);
  Nanos cut_off_until_ NETPROBE_GUARDED_BY(mutex_) = 0;  ///< monotonic
  bool closed_ NETPROBE_GUARDED_BY(mutex_) = false;
};
using PeerCorePtr = std::shared_ptr<PeerCore>;

// Each in its peer_*.cc.
void begin_query(const PeerCorePtr& core, QueryRequest request, Nanos deadline, QueryDone done);
void begin_page(const PeerCorePtr& core, std::string path, std::string query, Nanos deadline,
                PageDone done);
void begin_sums(const PeerCorePtr& core, Nanos deadline, SumsDone done);
void begin_live(const PeerCorePtr& core, LiveRequest request, LiveHandler handler);

}  // namespace netprobe
