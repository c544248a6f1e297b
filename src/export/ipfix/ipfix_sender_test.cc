// SPDX-License-Identifier: Apache-2.0
// What independent collectors read, and what becomes of records when one goes away.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <thread>

#include "base/unique_fd.h"
#include "export/ipfix/ipfix_sender.h"
#include "export/ipfix/testing/made_events.h"
#include "export/ipfix/testing/message_reader.h"
#include "support/certificates.h"
#include "support/loopback.h"
#include "support/process.h"
#include "support/temp_dir.h"
#include "support/tshark.h"

namespace netprobe::ipfix {
namespace {

using testing::made_mixture;
using testing::MessageReader;
using testing::refs_of;

ExportTarget target_at(const std::string& scheme, std::uint16_t port) {
  ExportTarget target;
  target.scheme = scheme;
  target.host = "127.0.0.1";
  target.port = port;
  target.timeout = 5 * kSecond;
  return target;
}

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

UniqueFd bound(int type, int port = 0) {
  UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  const int on = 1;
  const int large = 8 << 20;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &large, sizeof large);
  const auto address = test::loopback(port);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  if (type == SOCK_STREAM) EXPECT_EQ(::listen(fd.get(), 4), 0);
  return fd;
}

std::vector<std::vector<std::uint8_t>> datagrams_at(int fd) {
  std::vector<std::vector<std::uint8_t>> all;
  std::vector<std::uint8_t> bytes(65'536);
  for (;;) {
    const ssize_t got = ::recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got <= 0) return all;
    all.emplace_back(bytes.begin(), bytes.begin() + got);
  }
}

std::size_t data_records(const MessageReader& reader) {
  std::size_t count = 0;
  for (const auto& each : reader.records()) count += each.options ? 0 : 1;
  return count;
}

TEST(IpfixSender, DatagramsAreWithinTheirSize) {
  const UniqueFd fd = bound(SOCK_DGRAM);
  const SystemClock clock;
  auto sender = make_ipfix_sender(target_at("ipfix+udp", port_of(fd.get())), clock);
  ASSERT_TRUE(sender) << sender.error().message;
  const auto batch = made_mixture(300, 1);
  const auto outcome = (*sender)->send(refs_of(*batch));
  EXPECT_TRUE(outcome.again.empty()) << outcome.problem;
  MessageReader reader;
  std::uint64_t bytes = 0;
  for (const auto& each : datagrams_at(fd.get())) {
    EXPECT_LE(each.size(), 1400U);
    EXPECT_EQ(reader.read(each), "");
    bytes += each.size();
  }
  EXPECT_EQ(data_records(reader), 300U);
  EXPECT_EQ(bytes, outcome.bytes);
}

TEST(IpfixSender, NobodyListensAndThenSomebodyDoes) {
  std::uint16_t port = 0;
  {
    const UniqueFd fd = bound(SOCK_DGRAM);
    port = port_of(fd.get());
  }
  const SystemClock clock;
  auto sender = make_ipfix_sender(target_at("ipfix+udp", port), clock);
  ASSERT_TRUE(sender);
  const auto batch = made_mixture(300, 1);
  const auto refs = refs_of(*batch);
  const auto refused = (*sender)->send(refs);
  EXPECT_EQ(refused.again.size(), refs.size());
  EXPECT_EQ(refused.problem, "nothing listens at UDP 127.0.0.1:" + std::to_string(port));
  const UniqueFd fd = bound(SOCK_DGRAM, port);
  EXPECT_TRUE((*sender)->send(refs).again.empty());
  MessageReader reader;
  for (const auto& each : datagrams_at(fd.get())) EXPECT_EQ(reader.read(each), "");
  EXPECT_EQ(data_records(reader), refs.size());
}

/// Takes connections; reads `most` bytes of the first one and breaks it, then
/// everything of the others.
class StreamCollector {
 public:
  explicit StreamCollector(std::size_t most) : fd_(bound(SOCK_STREAM)), most_(most) {
    thread_ = std::thread([this] { run(); });
  }
  ~StreamCollector() { finish(); }
  void finish() {
    if (!thread_.joinable()) return;
    ::shutdown(fd_.get(), SHUT_RDWR);
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return port_of(fd_.get()); }
  /// After finish().
  [[nodiscard]] const std::vector<std::string>& streams() const { return streams_; }

 private:
  void run() {
    for (;;) {
      const UniqueFd one(::accept(fd_.get(), nullptr, nullptr));
      if (!one) return;
      const bool breaks = streams_.empty() && most_ > 0;
      std::string& stream = streams_.emplace_back();
      std::array<char, 4096> bytes{};
      for (;;) {
        const std::size_t want =
            breaks ? std::min(bytes.size(), most_ - stream.size()) : bytes.size();
        if (want == 0) break;
        const ssize_t got = ::recv(one.get(), bytes.data(), want, 0);
        if (got <= 0) break;
        stream.append(bytes.data(), static_cast<std::size_t>(got));
      }
      if (breaks) {
        const linger at_once{1, 0};
        ::setsockopt(one.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      }
    }
  }
  UniqueFd fd_;
  std::size_t most_;
  std::vector<std::string> streams_;
  std::thread thread_;
};

/// The records of a stream's whole messages.
MessageReader read_stream(const std::string& stream, std::string& wrong) {
  MessageReader reader;
  std::size_t at = 0;
  while (stream.size() - at >= 16) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(stream[at + i]); };
    const std::size_t length = static_cast<std::size_t>(byte(2)) << 8U | byte(3);
    if (length < 16 || stream.size() - at < length) break;
    wrong = reader.read({reinterpret_cast<const std::uint8_t*>(stream.data()) + at, length});
    if (!wrong.empty()) break;
    at += length;
  }
  return reader;
}

TEST(IpfixSender, AStreamThatBreaksGoesOnOnAnotherOne) {
  StreamCollector collector(70'000);
  const SystemClock clock;
  auto sender = make_ipfix_sender(target_at("ipfix+tcp", collector.port()), clock);
  ASSERT_TRUE(sender);
  // More than what the systems on both sides hold.
  const auto batch = made_mixture(60'000, 1);
  auto refs = refs_of(*batch);
  const auto first = (*sender)->send(refs);
  ASSERT_FALSE(first.again.empty());
  EXPECT_FALSE(first.problem.empty());
  const std::size_t taken = refs.size() - first.again.size();
  for (std::size_t i = 0; i < first.again.size(); ++i) ASSERT_EQ(first.again[i], taken + i);
  const auto second = (*sender)->send(std::span(refs).subspan(taken));
  EXPECT_TRUE(second.again.empty()) << second.problem;
  sender->reset();
  collector.finish();
  ASSERT_EQ(collector.streams().size(), 2U);
  std::string wrong;
  const MessageReader before = read_stream(collector.streams()[0], wrong);
  EXPECT_EQ(wrong, "");
  EXPECT_LE(data_records(before), taken);
  const MessageReader after = read_stream(collector.streams()[1], wrong);
  EXPECT_EQ(wrong, "");
  EXPECT_EQ(data_records(after), refs.size() - taken);
}

TEST(IpfixSender, StopEndsASendToWhoDoesNotRead) {
  const UniqueFd fd = bound(SOCK_STREAM);  // takes connections, and nothing else
  const SystemClock clock;
  auto target = target_at("ipfix+tcp", port_of(fd.get()));
  target.timeout = 300 * kSecond;
  auto sender = make_ipfix_sender(target, clock);
  ASSERT_TRUE(sender);
  const auto batch = made_mixture(60'000, 1);
  const auto refs = refs_of(*batch);
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    (*sender)->stop();
  });
  const auto outcome = (*sender)->send(refs);
  stopper.join();
  EXPECT_FALSE(outcome.again.empty());
}

TEST(IpfixSender, TlsChecksWhoIsThere) {
  const test::Certificates certificates;
  ASSERT_EQ(certificates.trouble(), "");
  if (!test::have_program("socat")) GTEST_SKIP() << "socat is not installed";
  std::uint16_t port = 0;
  {
    const UniqueFd fd = bound(SOCK_STREAM);
    port = port_of(fd.get());
  }
  const test::TempDir dir;
  auto server = test::Process::start(
      {"socat", "-u",
       "OPENSSL-LISTEN:" + std::to_string(port) +
           ",bind=127.0.0.1,reuseaddr,fork,verify=1,cert=" + certificates.file("server") +
           ",key=" + certificates.key("server") + ",cafile=" + certificates.file("ca"),
       "STDOUT"});
  ASSERT_TRUE(server);
  const SystemClock clock;
  auto target = target_at("ipfix+tls", port);
  const auto batch = made_mixture(400, 1);
  const auto refs = refs_of(*batch);
  target.ca_file = certificates.file("client");  // no authority of the server's
  auto stranger = make_ipfix_sender(target, clock);
  ASSERT_TRUE(stranger);
  SendOutcome outcome;
  for (int i = 0; i < 100; ++i) {
    outcome = (*stranger)->send(refs);
    if (!outcome.problem.contains("refused")) std::this_thread::yield();
    if (outcome.problem.contains("certificate")) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_TRUE(outcome.problem.contains("its certificate is refused")) << outcome.problem;
  EXPECT_EQ(outcome.again.size(), refs.size());

  target.ca_file = certificates.file("ca");
  target.certificate_file = certificates.file("client");
  target.key_file = certificates.key("client");
  auto sender = make_ipfix_sender(target, clock);
  ASSERT_TRUE(sender);
  outcome = (*sender)->send(refs);
  EXPECT_TRUE(outcome.again.empty()) << outcome.problem;
  sender->reset();
  std::string wrong;
  MessageReader reader;
  for (int i = 0; i < 200 && data_records(reader) < refs.size(); ++i) {
    reader = read_stream(server->out(), wrong);
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  EXPECT_EQ(wrong, "");
  EXPECT_EQ(data_records(reader), refs.size());
}

TEST(IpfixSender, WrongParametersAreNamed) {
  const SystemClock clock;
  auto target = target_at("ipfix+udp", 4739);
  target.parameters = {{"mtu", "600"}};
  const auto small = make_ipfix_sender(target, clock);
  if (!small) EXPECT_TRUE(small.error().message.contains("mtu=600 is too small"));
  target.parameters = {{"pen", "29305"}};
  const auto taken = make_ipfix_sender(target, clock);
  ASSERT_FALSE(taken);
  EXPECT_TRUE(taken.error().message.contains("pen=29305"));
  target.parameters = {{"times", "hours"}};
  const auto times = make_ipfix_sender(target, clock);
  ASSERT_FALSE(times);
  EXPECT_TRUE(times.error().message.contains("times")) << times.error().message;
}

TEST(IpfixSender, NfdumpReadsWhatWasSent) {
  if (!test::have_program("nfcapd") || !test::have_program("nfdump"))
    GTEST_SKIP() << "nfdump is not installed";
  std::uint16_t port = 0;
  {
    const UniqueFd fd = bound(SOCK_DGRAM);
    port = port_of(fd.get());
  }
  const test::TempDir dir;
  auto collector = test::Process::start(
      {"nfcapd", "-b", "127.0.0.1", "-p", std::to_string(port), "-w", dir.path(), "-B", "4000000"});
  ASSERT_TRUE(collector);
  const SystemClock clock;
  auto sender = make_ipfix_sender(target_at("ipfix+udp", port), clock);
  ASSERT_TRUE(sender);
  const auto batch = made_mixture(1000, 1);
  const auto refs = refs_of(*batch);
  SendOutcome outcome;
  outcome.again.resize(refs.size());
  for (int i = 0; i < 100 && outcome.again.size() == refs.size(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    outcome = (*sender)->send(refs);
  }
  ASSERT_TRUE(outcome.again.empty()) << outcome.problem;
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  ASSERT_TRUE(collector->stop());
  std::string file;
  for (const auto& each : std::filesystem::directory_iterator(dir.path()))
    if (each.path().filename().string().starts_with("nfcapd.2")) file = each.path();
  ASSERT_FALSE(file.empty()) << collector->err();
  const auto json = test::run_ok({"nfdump", "-r", file, "-o", "json"});
  ASSERT_TRUE(json) << json.error().message;
  const auto sum_of = [&](const std::string& key) {
    std::uint64_t sum = 0;
    const std::string quoted = "\"" + key + "\" : ";
    for (auto at = json->find(quoted); at != std::string::npos; at = json->find(quoted, at + 1)) {
      std::uint64_t value = 0;
      std::from_chars(json->data() + at + quoted.size(), json->data() + json->size(), value);
      sum += value;
    }
    return sum;
  };
  const auto times = [&](const std::string& text) {
    std::size_t count = 0;
    for (auto at = json->find(text); at != std::string::npos; at = json->find(text, at + 1))
      ++count;
    return count;
  };
  FlowRecord sent;
  std::size_t v6 = 0;
  for (const FlowRecord& flow : batch->flows) {
    sent.forward += flow.forward;
    sent.reverse += flow.reverse;
    v6 += flow.tuple.src.is_v4() ? 0 : 1;
  }
  EXPECT_EQ(sum_of("in_packets"), sent.forward.packets) << json->substr(0, 1500);
  EXPECT_EQ(sum_of("in_bytes"), sent.forward.bytes);
  EXPECT_EQ(sum_of("out_packets"), sent.reverse.packets);
  EXPECT_EQ(sum_of("out_bytes"), sent.reverse.bytes);
  EXPECT_EQ(times("\"src6_addr\""), v6);
  EXPECT_EQ(times("\"src4_addr\""), batch->flows.size() - v6);
}

TEST(IpfixSender, TsharkFindsNothingWrong) {
  if (!test::have_program("tshark")) GTEST_SKIP() << "tshark is not installed";
  const UniqueFd fd = bound(SOCK_DGRAM);
  const SystemClock clock;
  auto sender = make_ipfix_sender(target_at("ipfix+udp", port_of(fd.get())), clock);
  ASSERT_TRUE(sender);
  const auto batch = made_mixture(200, 1);
  ASSERT_TRUE((*sender)->send(refs_of(*batch)).again.empty());
  const test::TempDir dir;
  const std::string dump = dir.file("hex");
  const std::string capture = dir.file("ipfix.pcap");
  std::string text;
  for (const auto& each : datagrams_at(fd.get())) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    text += "000000";
    for (const std::uint8_t byte : each) {
      text += ' ';
      text += kDigits[byte >> 4U];
      text += kDigits[byte & 15U];
    }
    text += '\n';
  }
  test::write_file(dump, text);
  ASSERT_TRUE(test::run_ok({"text2pcap", "-q", "-u", "4739,4739", dump, capture}));
  const auto all = test::run_ok({"tshark", "-r", capture, "-V", "-d", "udp.port==4739,cflow"});
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->find("Malformed"), std::string::npos);
  EXPECT_EQ(all->find("No template found"), std::string::npos);
  EXPECT_EQ(all->find("Expert Info (Warning"), std::string::npos);
  EXPECT_EQ(all->find("Expert Info (Error"), std::string::npos);
  EXPECT_NE(all->find("32473"), std::string::npos);
  EXPECT_NE(all->find("29305"), std::string::npos);
  const auto octets =
      test::tshark_fields(capture, {"cflow.octets"}, {"-d", "udp.port==4739,cflow"});
  ASSERT_TRUE(octets) << octets.error().message;
  std::uint64_t sum = 0;
  for (const auto& row : *octets)
    for (std::size_t at = 0; at < row[0].size();) {
      const auto end = std::min(row[0].find(',', at), row[0].size());
      std::uint64_t value = 0;
      std::from_chars(row[0].data() + at, row[0].data() + end, value);
      sum += value;
      at = end + 1;
    }
  std::uint64_t sent = 0;
  for (const FlowRecord& flow : batch->flows) sent += flow.forward.bytes + flow.reverse.bytes;
  EXPECT_EQ(sum, sent);
}

}  // namespace
}  // namespace netprobe::ipfix
