// SPDX-License-Identifier: Apache-2.0
// gRPC's headers: for tests of src/link only.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "link/message_bytes.h"
#include "link/proto/netprobe.pb.h"

namespace netprobe::testing {

/// Speaks gRPC without TLS, and sends on each method whatever the test says.
class HostileAgent {
 public:
  /// What is sent as the n-th message (from 0); nothing: that was all.
  using Next = std::function<std::optional<grpc::ByteBuffer>(std::size_t n)>;
  struct Answer {
    Next next;
    bool ends = true;    ///< false: behind all, silence
    bool packs = false;  ///< with gRPC's gzip
  };

  /// By the method's name: "Hello". Without an answer it greets as `node`.
  explicit HostileAgent(std::map<std::string, Answer> answers, const std::string& node = "evil")
      : service_(std::move(answers)) {
    v1::HelloReply hello;
    hello.set_node(node);
    hello.set_run_id("evil-run");
    hello.set_version("6.6.6");
    service_.answers.try_emplace("Hello", once(message_bytes(hello)));
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.SetMaxSendMessageSize(-1);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
    EXPECT_NE(server_, nullptr);
    address_ = "127.0.0.1:" + std::to_string(port);
  }
  ~HostileAgent() {
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
  }
  HostileAgent(const HostileAgent&) = delete;
  HostileAgent& operator=(const HostileAgent&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }
  /// Messages that were handed to the transport, of all calls.
  [[nodiscard]] std::size_t sent() const { return service_.sent; }

  static Answer once(grpc::ByteBuffer bytes) {
    return {
        .next = [bytes](std::size_t n) { return n == 0 ? std::optional(bytes) : std::nullopt; }};
  }
  static Answer once(const std::string& bytes) {
    const grpc::Slice slice(bytes);
    return once(grpc::ByteBuffer(&slice, 1));
  }
  static Answer forever(const google::protobuf::MessageLite& message) {
    return {.next = [bytes = message_bytes(message)](std::size_t) { return std::optional(bytes); }};
  }
  static Answer silence() {
    return {.next = [](std::size_t) { return std::nullopt; }, .ends = false};
  }

 private:
  using Reactor = grpc::ServerGenericBidiReactor;
  struct Service : grpc::CallbackGenericService {
    explicit Service(std::map<std::string, Answer> given) : answers(std::move(given)) {}
    Reactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
      const std::string& method = context->method();
      const auto found = answers.find(method.substr(method.rfind('/') + 1));
      return new Call(*this, context, found == answers.end() ? silence() : found->second);
    }
    std::map<std::string, Answer> answers;
    std::atomic<std::size_t> sent = 0;
  };
  class Call final : public Reactor {
   public:
    Call(Service& service, grpc::GenericCallbackServerContext* context, Answer answer)
        : service_(service), answer_(std::move(answer)) {
      if (answer_.packs) context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
      StartRead(&asked_);
    }

   private:
    void OnReadDone(bool ok) override {
      if (ok && !std::exchange(begun_, true)) go_on();
    }
    void OnWriteDone(bool ok) override {
      if (ok)
        go_on();
      else
        end({grpc::StatusCode::CANCELLED, ""});
    }
    void OnCancel() override {
      // While something is written, its end says so.
      if (idle_) end({grpc::StatusCode::CANCELLED, ""});
    }
    void OnDone() override { delete this; }
    void go_on() {
      auto next = answer_.next(n_++);
      if (next) {
        bytes_ = std::move(*next);
        ++service_.sent;
        return StartWrite(&bytes_);
      }
      if (answer_.ends) return end(grpc::Status::OK);
      idle_ = true;
    }
    void end(const grpc::Status& status) {
      if (!std::exchange(ended_, true)) Finish(status);
    }

    Service& service_;
    const Answer answer_;
    grpc::ByteBuffer asked_;
    grpc::ByteBuffer bytes_;
    std::size_t n_ = 0;
    bool begun_ = false;
    std::atomic<bool> idle_ = false;
    bool ended_ = false;
  };

  Service service_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace netprobe::testing
