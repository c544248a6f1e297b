// SPDX-License-Identifier: Apache-2.0
#include "link/names_service.h"

#include <grpcpp/server.h>
#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <chrono>
#include <utility>
#include <vector>

#include "link/grpc_server.h"
#include "link/message_bytes.h"
#include "link/proto/netprobe.grpc.pb.h"
#include "link/reply_writer.h"
#include "link/shared_slice.h"
#include "link/soon.h"

namespace netprobe {
namespace {

class WatchWriter final : public ReplyWriter<grpc::ByteBuffer> {
 public:
  bool open(NamesLog& log, const v1::NamesRequest& request) {
    watch_ = log.open(request.run_id(), request.after(), [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->pump();
    });
    return watch_ != nullptr;
  }

 private:
  Next fill(grpc::ByteBuffer& message, grpc::WriteOptions& options, grpc::Status&) override {
    auto pieces = watch_->next();
    if (!pieces) return Next::kNothing;
    std::vector<grpc::Slice> slices;
    std::size_t bytes = 0;
    for (auto& piece : *pieces) {
      bytes += piece->size();
      slices.push_back(shared_slice(std::move(piece)));
    }
    // Lists are worth it; a change is not.
    if (bytes < kWorthPacking)
      options.set_no_compression();
    else
      options.clear_no_compression();
    message = grpc::ByteBuffer(slices.data(), slices.size());
    return Next::kMessage;
  }
  static constexpr std::size_t kWorthPacking = 16'384;

  NamesLog::WatchPtr watch_;  ///< set before the first message
};

using WatchPart = v1::Names::WithRawCallbackMethod_Watch<v1::Names::Service>;

}  // namespace

class NamesService::Impl final : public WatchPart {
 public:
  explicit Impl(NamesLog& log) : log_(log) {}

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Watch(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* bytes) override {
    using Refused = Refusal<grpc::ByteBuffer>;
    v1::NamesRequest request;
    grpc::ByteBuffer copy(*bytes);
    if (!read_message(copy, request))
      return new Refused({grpc::StatusCode::INVALID_ARGUMENT, "the request cannot be read"});
    context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
    auto writer = std::make_shared<WatchWriter>();
    if (!writer->open(log_, request))
      return new Refused({grpc::StatusCode::RESOURCE_EXHAUSTED,
                          "this server has no room for another watch of names"});
    auto* raw = writer.get();
    raw->begin(std::move(writer), context, stalls_);
    return raw;
  }

 private:
  NamesLog& log_;
  const StallWatchPtr stalls_ = std::make_shared<StallWatch>();
};

NamesService::NamesService(NamesLog& log) : impl_(std::make_unique<Impl>(log)) {}
NamesService::~NamesService() = default;
grpc::Service& NamesService::service() { return *impl_; }

namespace {

class Server final : public NamesServer {
 public:
  explicit Server(NamesLog& log) : service_(log) {}
  ~Server() override {
    if (!built_.server) return;
    built_.server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
    built_.server->Wait();
  }
  Status listen(const ListenAddress& address, const LinkCredentials& credentials) {
    auto built = build_server(address, credentials, {&service_.service()});
    if (!built) return std::unexpected(built.error());
    built_ = std::move(*built);
    return {};
  }
  std::uint16_t port() const override { return built_.port; }

 private:
  NamesService service_;
  BuiltServer built_;
};

}  // namespace

Result<std::unique_ptr<NamesServer>> NamesServer::make(const ListenAddress& address,
                                                       const LinkCredentials& credentials,
                                                       NamesLog& log) {
  auto server = std::make_unique<Server>(log);
  if (auto listens = server->listen(address, credentials); !listens)
    return std::unexpected(listens.error());
  return server;
}

}  // namespace netprobe
