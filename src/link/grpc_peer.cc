// SPDX-License-Identifier: Apache-2.0
#include "link/grpc_peer.h"

#include <utility>

#include "link/peer_core.h"

namespace netprobe {
namespace {

class GrpcPeer final : public AgentPeer {
 public:
  explicit GrpcPeer(PeerCorePtr core) : core_(std::move(core)) {}
  ~GrpcPeer() override { core_->close(); }

  AgentStatePtr state() const override { return core_->state(); }
  void query(QueryRequest request, Nanos deadline, QueryDone done) override {
    if (auto failure = unreachable()) return done(std::unexpected(std::move(*failure)));
    begin_query(core_, std::move(request), deadline, std::move(done));
  }
  void page(std::string path, std::string query, Nanos deadline, PageDone done) override {
    if (auto failure = unreachable()) return done(std::unexpected(std::move(*failure)));
    begin_page(core_, std::move(path), std::move(query), deadline, std::move(done));
  }
  void sums(Nanos deadline, SumsDone done) override {
    if (auto failure = unreachable()) return done(std::unexpected(std::move(*failure)));
    begin_sums(core_, deadline, std::move(done));
  }
  void live(LiveRequest request, LiveHandler handler) override {
    begin_live(core_, std::move(request), std::move(handler));
  }

 private:
  /// Who is not there is not waited for.
  [[nodiscard]] std::optional<QueryFailure> unreachable() const {
    std::string why = core_->why_not();
    if (why.empty()) return std::nullopt;
    return QueryFailure{QueryFailure::Kind::kNoStore, std::move(why)};
  }

  const PeerCorePtr core_;
};

}  // namespace

AgentPeerPtr make_grpc_peer(GrpcPeerOptions options, LinkCredentialsPtr credentials,
                            const Clock& clock) {
  auto core = std::make_shared<PeerCore>(std::move(options), std::move(credentials), clock);
  core->start();
  return std::make_shared<GrpcPeer>(std::move(core));
}

}  // namespace netprobe
