// SPDX-License-Identifier: Apache-2.0
#include "export/syslog/syslog_sender.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <regex>
#include <thread>

#include "base/unique_fd.h"
#include "outbox/testing/made_records.h"
#include "support/certificates.h"
#include "support/loopback.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace netprobe {
namespace {

const SystemClock kClock;
constexpr Nanos kPatience = 30 * kSecond;
constexpr std::array kSchemes = {&kSyslogUdpExport, &kSyslogTcpExport, &kSyslogTlsExport};

Result<std::unique_ptr<RecordSender>> try_make(const std::string& url) {
  std::vector<ExportScheme> schemes;
  for (const ExportScheme* each : kSchemes) schemes.push_back(*each);
  const auto target = parse_export_target(url, schemes, 0);
  if (!target) return std::unexpected(target.error());
  return make_syslog_sender(*target, kClock);
}

std::unique_ptr<RecordSender> make(const std::string& url) {
  auto sender = try_make(url);
  EXPECT_TRUE(sender) << sender.error().message;
  return sender ? std::move(*sender) : nullptr;
}

/// As many flows as there are ids from `first` on; which of them go again.
SendOutcome send(RecordSender& sender, std::uint64_t first, std::size_t count) {
  const auto batch = testing::made_flows(count, first);
  std::vector<RecordRef> records;
  for (const FlowRecord& flow : batch->flows)
    records.push_back({RecordKind::kFlow, &flow, batch->node});
  return sender.send(records);
}

/// A socket that listens on a port of 127.0.0.1.
UniqueFd bound(int type, int port = 0) {
  UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = test::loopback(port);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  if (type == SOCK_STREAM) EXPECT_EQ(::listen(fd.get(), 4), 0);
  return fd;
}

int port_of(const UniqueFd& fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

int free_port(int type) { return port_of(bound(type)); }

std::vector<std::uint64_t> ids_in(const std::string& text) {
  static const std::regex kId(R"re("flow_id":(\d+)\})re");
  std::vector<std::uint64_t> ids;
  for (std::sregex_iterator at(text.begin(), text.end(), kId), end; at != end; ++at)
    ids.push_back(std::stoull((*at)[1]));
  return ids;
}

std::vector<std::uint64_t> counted(std::uint64_t from, std::size_t count) {
  std::vector<std::uint64_t> all(count);
  for (std::size_t i = 0; i < count; ++i) all[i] = from + i;
  return all;
}

class SyslogSender : public ::testing::Test {
 protected:
  void SetUp() override { std::signal(SIGPIPE, SIG_IGN); }
};

TEST_F(SyslogSender, BadTargetsAreUsageErrors) {
  const auto why = [](const std::string& url) {
    const auto sender = try_make(url);
    EXPECT_FALSE(sender) << url;
    if (sender) return std::string();
    EXPECT_EQ(sender.error().kind, ErrorKind::kUsage) << url;
    return sender.error().message;
  };
  EXPECT_NE(why("syslog+tcp:").find("a host is missing"), std::string::npos);
  EXPECT_NE(why("syslog+tcp://h/x").find("has no path"), std::string::npos);
  EXPECT_NE(why("syslog+tcp://h?facility=locale0").find("did you mean 'local0'"),
            std::string::npos);
  EXPECT_NE(why("syslog+tcp://h?severity=x").find("emerg, alert"), std::string::npos);
  EXPECT_NE(why("syslog+tcp://h?app=a b").find("printable"), std::string::npos);
  EXPECT_NE(why("syslog+udp://h?insecure").find("are of syslog+tls"), std::string::npos);
  EXPECT_NE(why("syslog+tls://h?ca=/nowhere.pem").find("ca: /nowhere.pem cannot be used"),
            std::string::npos);
}

TEST_F(SyslogSender, WhatWasAcknowledgedDoesNotGoAgain) {
  UniqueFd listener = bound(SOCK_STREAM);
  // Small, so that the sender meets each break: all of it would fit into what the kernel
  // takes for one who is not there yet.
  const int room = 8192;
  ASSERT_EQ(::setsockopt(listener.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room), 0);
  const int port = port_of(listener);
  auto sender =
      make("syslog+tcp://127.0.0.1:" + std::to_string(port) + "?fields=flow_id&timeout=20s");
  constexpr int kBreaks = 19;
  // One who reads what there is, ends, and is there again: whatever it had is in
  // `received`, half messages among it.
  std::string received;
  std::atomic<bool> done{false};
  std::thread server([&] {
    std::array<char, 4096> some{};
    for (int round = 0; !done; ++round) {
      pollfd coming{.fd = listener.get(), .events = POLLIN, .revents = 0};
      if (::poll(&coming, 1, 50) != 1) continue;
      const UniqueFd client(::accept(listener.get(), nullptr, nullptr));
      const std::size_t enough = round < kBreaks ? 20'000U : SIZE_MAX;
      std::string here;
      for (ssize_t n = 0;
           here.size() < enough && (n = ::recv(client.get(), some.data(), some.size(), 0)) > 0;)
        here.append(some.data(), static_cast<std::size_t>(n));
      if (round < kBreaks) {
        // What is in its buffer was acknowledged: a good server reads that, too.
        ::shutdown(client.get(), SHUT_RD);
        for (ssize_t n = 0; (n = ::recv(client.get(), some.data(), some.size(), MSG_DONTWAIT)) > 0;)
          here.append(some.data(), static_cast<std::size_t>(n));
      }
      received += here;
    }
  });
  std::uint64_t next = 1;
  std::size_t breaks = 0;
  while (next <= 20'000) {
    const auto outcome = send(*sender, next, 1000);
    ASSERT_TRUE(std::ranges::is_sorted(outcome.again));
    next += 1000 - outcome.again.size();
    if (!outcome.again.empty()) ++breaks;
  }
  sender.reset();
  done = true;
  server.join();
  EXPECT_GT(breaks, 0U);
  auto ids = ids_in(received);
  std::ranges::sort(ids);
  // None is missing. One that was whole, but not acknowledged yet, may be there twice.
  std::vector<std::uint64_t> unique = ids;
  unique.erase(std::ranges::unique(unique).begin(), unique.end());
  EXPECT_EQ(unique, counted(1, next - 1));
}

TEST_F(SyslogSender, OneWhoTakesNothingIsLeftWhenTimeIsOver) {
  const UniqueFd listener = bound(SOCK_STREAM);  // accepts by its queue, and reads nothing
  auto sender = make("syslog+tcp://127.0.0.1:" + std::to_string(port_of(listener)) +
                     "?timeout=300ms&batch=100000");
  std::size_t tries = 0;
  SendOutcome outcome;
  do outcome = send(*sender, 1, 20'000);
  while (outcome.again.empty() && ++tries < 100);
  EXPECT_FALSE(outcome.again.empty());
  EXPECT_NE(outcome.problem.find("takes no more"), std::string::npos) << outcome.problem;
}

TEST_F(SyslogSender, StopEndsASendThatWaits) {
  const UniqueFd listener = bound(SOCK_STREAM);
  auto sender = make("syslog+tcp://127.0.0.1:" + std::to_string(port_of(listener)) +
                     "?timeout=10m&batch=100000");
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    sender->stop();
  });
  for (int i = 0; i < 100; ++i)
    if (!send(*sender, 1, 20'000).again.empty()) break;
  stopper.join();
}

TEST_F(SyslogSender, NobodyThereIsSaid) {
  const std::string port = std::to_string(free_port(SOCK_STREAM));
  auto sender = make("syslog+tcp://127.0.0.1:" + port);
  auto outcome = send(*sender, 1, 5);
  EXPECT_EQ(outcome.again.size(), 5U);
  EXPECT_EQ(outcome.problem, "cannot connect to 127.0.0.1 port " + port + ": Connection refused");
  sender = make("syslog+tcp://no-such-host.invalid?timeout=5s");
  outcome = send(*sender, 1, 5);
  EXPECT_EQ(outcome.again.size(), 5U);
  EXPECT_NE(outcome.problem.find("no-such-host.invalid"), std::string::npos) << outcome.problem;
}

TEST_F(SyslogSender, DatagramsGoAgainWhereNobodyListens) {
  const int port = free_port(SOCK_DGRAM);
  auto sender = make("syslog+udp://127.0.0.1:" + std::to_string(port) + "?fields=flow_id");
  auto outcome = send(*sender, 1, 100);
  EXPECT_EQ(outcome.again.size(), 100U);
  EXPECT_NE(outcome.problem.find("nobody listens there"), std::string::npos) << outcome.problem;
  const UniqueFd receiver = bound(SOCK_DGRAM, port);
  outcome = send(*sender, 1, 100);
  EXPECT_TRUE(outcome.again.empty()) << outcome.problem;
  std::string all;
  std::array<char, 65'536> some{};
  for (int i = 0; i < 100; ++i) {
    const ssize_t n = ::recv(receiver.get(), some.data(), some.size(), MSG_DONTWAIT);
    ASSERT_GT(n, 0);
    all.append(some.data(), static_cast<std::size_t>(n));
  }
  EXPECT_EQ(ids_in(all), counted(1, 100));
}

TEST_F(SyslogSender, WhatDoesNotGoIntoADatagramIsRejectedAlone) {
  const UniqueFd receiver = bound(SOCK_DGRAM);
  auto sender = make("syslog+udp://127.0.0.1:" + std::to_string(port_of(receiver)) +
                     "?fields=alert.evidence");
  std::array<AlertEvent, 3> alerts;
  alerts[1].evidence.assign(70'000, 'x');
  std::vector<RecordRef> records;
  for (const AlertEvent& alert : alerts) records.push_back({RecordKind::kAlert, &alert, "n"});
  const auto outcome = sender->send(records);
  EXPECT_TRUE(outcome.again.empty());
  EXPECT_EQ(outcome.rejected, 1U);
  EXPECT_NE(outcome.problem.find("does not go into a datagram"), std::string::npos);
}

/// rsyslogd as a program of its own, with one input.
class RealServer : public SyslogSender {
 protected:
  void SetUp() override {
    SyslogSender::SetUp();
    if (!test::have_program("rsyslogd")) GTEST_SKIP() << "needs the program rsyslogd";
  }
  void start(const std::string& module, const std::string& input, int port) {
    test::write_file(
        dir_.file("rsyslog.conf"),
        "global(workDirectory=\"" + dir_.path() + "\" maxMessageSize=\"64k\"" + global_ + ")\n" +
            "module(load=\"" + module + "\"" + (module == "imtcp" ? tls_ : "") + ")\n" +
            "template(name=\"all\" type=\"string\" string=\"%pri% %timereported:::date-rfc3339% "
            "%hostname% %app-name% %msgid% %msg%\\n\")\n" +
            "input(type=\"" + module + "\" address=\"127.0.0.1\" port=\"" + std::to_string(port) +
            "\"" + input + ")\n" + "action(type=\"omfile\" template=\"all\" asyncWriting=\"off\" " +
            "file=\"" + dir_.file("out") + "\")\n");
    auto started = test::Process::start(
        {"rsyslogd", "-n", "-f", dir_.file("rsyslog.conf"), "-i", dir_.file("pid")});
    ASSERT_TRUE(started) << started.error().message;
    server_.emplace(std::move(*started));
  }
  /// Sends until all were taken; false: they were not in time.
  static bool send_all(RecordSender& sender, std::uint64_t first, std::size_t count) {
    const Nanos end = kClock.monotonic() + kPatience;
    const std::uint64_t behind = first + count;
    while (first < behind && kClock.monotonic() < end) {
      const auto outcome = send(sender, first, behind - first);
      first = behind - outcome.again.size();
      if (!outcome.again.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
      problem_ = outcome.problem;
    }
    return first == behind;
  }
  std::vector<std::uint64_t> received(std::size_t enough) {
    const Nanos end = kClock.monotonic() + kPatience;
    std::vector<std::uint64_t> ids;
    while ((ids = ids_in(test::text_of_file(dir_.file("out")))).size() < enough &&
           kClock.monotonic() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return ids;
  }

  test::TempDir dir_;
  std::string global_;
  std::string tls_;
  std::optional<test::Process> server_;
  static inline std::string problem_;
};

TEST_F(RealServer, ReadsWhatComesOverTcpAlsoAfterItWasAway) {
  const int port = free_port(SOCK_STREAM);
  start("imtcp", "", port);
  auto sender = make("syslog+tcp://127.0.0.1:" + std::to_string(port) +
                     "?fields=time,src.workload,flow_id&facility=local3&app=np");
  ASSERT_TRUE(send_all(*sender, 1, 3000)) << problem_;
  EXPECT_EQ(received(3000), counted(1, 3000));
  const std::string text = test::text_of_file(dir_.file("out"));
  EXPECT_TRUE(std::regex_search(
      text, std::regex(R"(158 2025-11-24T16:0\d:\d\d\.000007Z n1 np flows \{"kind":"flows",)"
                       R"("time":"2025-11-24T16:0\d:\d\d\.000007000Z","src.workload":)")))
      << text.substr(0, 300);
  ASSERT_TRUE(server_->stop());
  const auto outcome = send(*sender, 3001, 100);
  EXPECT_EQ(outcome.again.size(), 100U);
  start("imtcp", "", port);
  ASSERT_TRUE(send_all(*sender, 3001, 1000)) << problem_;
  EXPECT_EQ(received(4000), counted(1, 4000));
}

TEST_F(RealServer, ReadsWhatComesOverUdp) {
  const int port = free_port(SOCK_DGRAM);
  start("imudp", " rcvbufSize=\"4m\"", port);
  auto sender = make("syslog+udp://127.0.0.1:" + std::to_string(port) + "?fields=flow_id");
  ASSERT_TRUE(send_all(*sender, 1, 100)) << problem_;
  auto ids = received(100);
  // Those that were on their way while it started may have come twice.
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  EXPECT_EQ(ids, counted(1, 100));
}

TEST_F(RealServer, ReadsWhatComesOverTls) {
  if (!test::have_program("openssl")) GTEST_SKIP() << "needs the program openssl";
  const test::Certificates certificates;
  ASSERT_EQ(certificates.trouble(), "");
  global_ = " defaultNetstreamDriver=\"ossl\" defaultNetstreamDriverCAFile=\"" +
            certificates.file("ca") + "\" defaultNetstreamDriverCertFile=\"" +
            certificates.file("server") + "\" defaultNetstreamDriverKeyFile=\"" +
            certificates.key("server") + "\"";
  tls_ =
      " streamDriver.name=\"ossl\" streamDriver.mode=\"1\" "
      "streamDriver.authMode=\"x509/certvalid\"";
  const int port = free_port(SOCK_STREAM);
  start("imtcp", "", port);
  const std::string url = "syslog+tls://127.0.0.1:" + std::to_string(port) + "?fields=flow_id";
  auto sender =
      make(url + "&ca=" + certificates.file("ca") + "&certificate=" + certificates.file("client") +
           "&key=" + certificates.key("client"));
  ASSERT_TRUE(send_all(*sender, 1, 3000)) << problem_ << server_->err();
  EXPECT_EQ(received(3000), counted(1, 3000));
  // Whom nobody vouches for gets nothing.
  auto strict = make(url);
  const auto outcome = send(*strict, 1, 5);
  EXPECT_EQ(outcome.again.size(), 5U);
  EXPECT_NE(outcome.problem.find("its certificate is not accepted"), std::string::npos)
      << outcome.problem;
  EXPECT_NE(outcome.problem.find("ca="), std::string::npos);
}

}  // namespace
}  // namespace netprobe
