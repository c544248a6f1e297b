// SPDX-License-Identifier: Apache-2.0
#include "receiver_process.h"

#include <fcntl.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "export/http_receiver.h"

namespace netprobe::bench {
namespace {

UniqueFd listening(int type, const ReceiverProcess::Tell& tell) {
  UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd.get(), generic, size) != 0) std::abort();
  if (type == SOCK_STREAM && ::listen(fd.get(), 16) != 0) std::abort();
  ::getsockname(fd.get(), generic, &size);
  tell("127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  return fd;
}

void drain(int fd) {
  std::vector<char> some(1U << 16U);
  while (::recv(fd, some.data(), some.size(), 0) > 0) {
  }
}

[[noreturn]] void sleep_for_ever() {
  for (;;) ::pause();
}

/// Takes one message of a call and answers with an empty one. What is read is not taken
/// apart: on this machine that would cost the sender its caches and half of a core.
class Answer final : public grpc::ServerGenericBidiReactor {
 public:
  Answer() { StartRead(&message_); }
  void OnReadDone(bool ok) override {
    message_.Clear();
    if (!ok) return Finish(grpc::Status::OK);
    const grpc::Slice nothing;
    message_ = grpc::ByteBuffer(&nothing, 1);
    StartWriteAndFinish(&message_, {}, grpc::Status::OK);
  }
  void OnDone() override { delete this; }

 private:
  grpc::ByteBuffer message_;
};
class Anything final : public grpc::CallbackGenericService {
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new Answer;
  }
};

}  // namespace

ReceiverProcess::ReceiverProcess(const std::function<void(const Tell&)>& serve) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t parent = ::getpid();
  child_ = ::fork();
  if (child_ < 0) std::abort();
  if (child_ == 0) {
    // Also where the benchmark is killed.
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    serve([&](const std::string& where) {
      (void)!::write(write_end.get(), where.data(), where.size());
      write_end.reset();
    });
    ::_exit(0);
  }
  write_end.reset();
  std::array<char, 256> text{};
  for (ssize_t got = 0; (got = ::read(read_end.get(), text.data(), text.size())) > 0;)
    at_.append(text.data(), static_cast<std::size_t>(got));
  if (at_.empty()) std::abort();
}

ReceiverProcess::~ReceiverProcess() {
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

void serve_datagrams(const ReceiverProcess::Tell& tell) {
  const UniqueFd fd = listening(SOCK_DGRAM, tell);
  const int large = 64 << 20;
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &large, sizeof large);
  std::vector<char> some(1U << 16U);
  // Not woken by each one: of a receiver elsewhere that is none of the sender's work.
  for (;; std::this_thread::sleep_for(std::chrono::milliseconds(1)))
    while (::recv(fd.get(), some.data(), some.size(), MSG_DONTWAIT) > 0) {
    }
}

void serve_streams(const ReceiverProcess::Tell& tell) {
  const UniqueFd fd = listening(SOCK_STREAM, tell);
  for (;;) {
    // Several senders may be there at a time.
    const int client = ::accept(fd.get(), nullptr, nullptr);
    std::thread([client] { drain(UniqueFd(client).get()); }).detach();
  }
}

void serve_http(const ReceiverProcess::Tell& tell) {
  const test::HttpReceiver receiver(
      [](const auto&) { return test::HttpReceiver::Reply{.status = 204}; });
  tell("127.0.0.1:" + std::to_string(receiver.port()));
  sleep_for_ever();
}

void serve_otlp_grpc(const ReceiverProcess::Tell& tell) {
  Anything service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(&service);
  builder.SetMaxReceiveMessageSize(-1);
  const auto server = builder.BuildAndStart();
  tell("127.0.0.1:" + std::to_string(port));
  sleep_for_ever();
}

void serve_kafka(const ReceiverProcess::Tell& tell) {
  rd_kafka_conf_t* conf = ::rd_kafka_conf_new();
  ::rd_kafka_conf_set_log_cb(conf, nullptr);
  rd_kafka_t* owner = ::rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0);
  rd_kafka_mock_cluster_t* mock = ::rd_kafka_mock_cluster_new(owner, 1);
  (void)::rd_kafka_mock_topic_create(mock, "netprobe", 4, 1);
  tell(::rd_kafka_mock_cluster_bootstraps(mock));
  sleep_for_ever();
}

}  // namespace netprobe::bench
