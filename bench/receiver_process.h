// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace netprobe::bench {

/// A receiver in a process of its own, so that its CPU time is not the sender's. Make
/// all of them while this process has one thread.
class ReceiverProcess {
 public:
  /// `serve`, in the child: begins to listen on 127.0.0.1, tells where ("127.0.0.1:4317"),
  /// and does not come back.
  using Tell = std::function<void(const std::string& where)>;
  explicit ReceiverProcess(const std::function<void(const Tell&)>& serve);
  ~ReceiverProcess();
  ReceiverProcess(const ReceiverProcess&) = delete;
  ReceiverProcess& operator=(const ReceiverProcess&) = delete;
  [[nodiscard]] const std::string& at() const { return at_; }

 private:
  pid_t child_ = -1;
  std::string at_;
};

/// Reads whatever comes, and throws it away.
void serve_datagrams(const ReceiverProcess::Tell& tell);
void serve_streams(const ReceiverProcess::Tell& tell);
/// Answers each request with 204.
void serve_http(const ReceiverProcess::Tell& tell);
/// gRPC's own server, which answers each call with an empty message.
void serve_otlp_grpc(const ReceiverProcess::Tell& tell);
/// librdkafka's mock cluster with one broker, topic "netprobe" of 4 partitions.
void serve_kafka(const ReceiverProcess::Tell& tell);

}  // namespace netprobe::bench
