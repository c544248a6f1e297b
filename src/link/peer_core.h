// SPDX-License-Identifier: Apache-2.0
// gRPC's headers: for .cc files of src/link only.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/mutex.h"
#include "link/grpc_peer.h"
#include "link/left_out.h"
#include "link/message_bytes.h"
#include "link/proto/netprobe.pb.h"

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
  /// Messages as bytes: whoever reads them bounds what they may become.
  [[nodiscard]] grpc::GenericStub& stub() { return stub_; }
  [[nodiscard]] const GrpcPeerOptions& options() const { return options_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }

  /// Why nothing can be asked now; empty: it can.
  [[nodiscard]] std::string why_not() const;
  /// A call ended so. What it means for who asked.
  [[nodiscard]] QueryFailure failure_of(const grpc::Status& status);
  /// It sent what cannot be: it is cut off, and tried again later.
  void blame(const LinkFault& fault);
  /// read_message() of the agent's; what is not known of it is noted.
  [[nodiscard]] Taken read(grpc::ByteBuffer& from, google::protobuf::Message& to);
  void note_left_out(const LeftOut& more) NETPROBE_EXCLUDES(mutex_);
  /// A live stream was silent for too long, and is begun again; or tells again.
  void set_silent(bool silent);
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
  void on_hello(const grpc::Status& status, const Taken& read, const v1::HelloReply& reply,
                Nanos sent);
  void greet(const v1::HelloReply& reply, Nanos sent);
  void refuse(AgentState::Link link, std::string problem, std::string_view cause = {});
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
  grpc::GenericStub stub_;

  mutable Mutex mutex_;
  AgentStatePtr state_ NETPROBE_GUARDED_BY(mutex_);
  Backoff backoff_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<PeerCall>> calls_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> waiting_ NETPROBE_GUARDED_BY(mutex_);
  Nanos cut_off_until_ NETPROBE_GUARDED_BY(mutex_) = 0;  ///< monotonic
  bool closed_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool silent_ NETPROBE_GUARDED_BY(mutex_) = false;
  LeftOut left_out_ NETPROBE_GUARDED_BY(mutex_);
};
using PeerCorePtr = std::shared_ptr<PeerCore>;

/// A name that anybody may have chosen, fit for a sentence.
[[nodiscard]] std::string bounded_name(const std::string& text);

/// Of link/proto/netprobe.proto.
namespace agent_method {
inline constexpr const char* kHello = "/netprobe.v1.Agent/Hello";
inline constexpr const char* kQuery = "/netprobe.v1.Agent/Query";
inline constexpr const char* kLive = "/netprobe.v1.Agent/Live";
inline constexpr const char* kPage = "/netprobe.v1.Agent/Page";
inline constexpr const char* kSums = "/netprobe.v1.Agent/Sums";
}  // namespace agent_method

// Each in its peer_*.cc.
void begin_query(const PeerCorePtr& core, QueryRequest request, Nanos deadline, QueryDone done);
void begin_page(const PeerCorePtr& core, std::string path, std::string query, Nanos deadline,
                PageDone done);
void begin_sums(const PeerCorePtr& core, Nanos deadline, SumsDone done);
void begin_live(const PeerCorePtr& core, LiveRequest request, LiveHandler handler);

}  // namespace netprobe
