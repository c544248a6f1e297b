// SPDX-License-Identifier: Apache-2.0
// Blocks on a real interface: a veth pair between namespaces, the program attached
// natively, the keeper on top.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include "base/unique_fd.h"
#include "bpf/xdp_attachment.h"
#include "prog/block_machine.h"
#include "response/block_list.h"
#include "support/netns.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

constexpr Nanos kHour = 3'600 * kSecond;
constexpr std::uint16_t kPort = 7'400;

/// Runs `work` on a thread in a namespace; the caller stays where it is.
template <typename Work>
std::thread thread_in(const NetNamespace& ns, Work work) {
  return std::thread([path = ns.path(), work = std::move(work)] {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (::setns(fd.get(), CLONE_NEWNET) == 0) work();
  });
}

sockaddr_in service() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kPort);
  ::inet_pton(AF_INET, "10.8.0.1", &address.sin_addr);
  return address;
}

/// Packets at a steady rate from one namespace to the other.
struct Stream {
  std::atomic<bool> listens{false};
  std::atomic<bool> enough{false};
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> came{0};
  double longest_gap = 0;    ///< ns between two that came
  double longest_pause = 0;  ///< and between two that were sent: the machine's own
};
constexpr auto kEvery = std::chrono::microseconds(500);

void take_stream(Stream& stream) {
  const UniqueFd in(::socket(AF_INET, SOCK_DGRAM, 0));
  const int much = 64 << 20;  // nobody reads while the machine is busy
  ::setsockopt(in.get(), SOL_SOCKET, SO_RCVBUFFORCE, &much, sizeof(much));
  sockaddr_in address = service();
  if (::bind(in.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return;
  stream.listens = true;
  auto last = std::chrono::steady_clock::now();
  for (;;) {
    pollfd waiting{in.get(), POLLIN, 0};
    const bool over = stream.enough;
    if (::poll(&waiting, 1, over ? 2'000 : 100) <= 0) {
      if (over) return;
      continue;
    }
    char byte = 0;
    if (::recv(in.get(), &byte, 1, 0) < 0) return;
    const auto now = std::chrono::steady_clock::now();
    if (stream.came++ > 0)
      stream.longest_gap = std::max(stream.longest_gap,
                                    std::chrono::duration<double, std::nano>(now - last).count());
    last = now;
    if (stream.enough && stream.came == stream.sent) return;
  }
}

void give_stream(Stream& stream) {
  const UniqueFd out(::socket(AF_INET, SOCK_DGRAM, 0));
  const sockaddr_in address = service();
  auto next = std::chrono::steady_clock::now();
  auto last = next;
  while (!stream.enough) {
    const char byte = 0;
    if (::sendto(out.get(), &byte, 1, 0, reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)) == 1)
      ++stream.sent;
    const auto now = std::chrono::steady_clock::now();
    stream.longest_pause = std::max(stream.longest_pause,
                                    std::chrono::duration<double, std::nano>(now - last).count());
    last = now;
    next += kEvery;
    std::this_thread::sleep_until(next);
  }
}

class Block : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = netns_obstacle(); !why.empty()) GTEST_SKIP() << why;
    auto hosts = TwoHosts::make();
    ASSERT_TRUE(hosts) << hosts.error().message;
    here_.emplace(std::move(hosts->here));
    there_.emplace(std::move(hosts->there));
    ASSERT_TRUE(machine_.emplace().ready());
    const auto ifindex = here_->ifindex("x0");
    ASSERT_TRUE(ifindex);
    bpf_program* program = machine_->program_for(*ifindex);
    std::string problem = "cannot enter the namespace";
    thread_in(*here_, [&] {
      auto made = XdpAttachment::make(program, *ifindex, XdpMode::kNative);
      problem = made ? "" : made.error().message;
      if (made) attachment_.emplace(std::move(*made));
    }).join();
    ASSERT_EQ(problem, "");
    auto list = BlockList::open(machine_->shared_plane(), dir_.file("audit.jsonl"), {},
                                {{net("10.8.0.1"), "own address"}}, clock_);
    ASSERT_TRUE(list) << list.error().message;
    list_ = std::move(*list);
  }
  bool pings(const std::string& from) {
    const std::string to = from.starts_with("fd") ? "fd08::1" : "10.8.0.1";
    return there_->run({"ping", "-q", "-c", "2", "-i", "0.05", "-W", "1", "-I", from, to})
        .has_value();
  }
  Result<BlockRecord> block(const std::string& what, Nanos lasting = kHour) {
    return list_->block({.what = what,
                         .reason = "test",
                         .who = "test",
                         .lasting = lasting,
                         .mode = BlockMode::kEnforce});
  }

  SystemClock clock_;
  TempDir dir_;
  std::optional<NetNamespace> here_;
  std::optional<NetNamespace> there_;
  std::optional<BlockMachine> machine_;
  std::optional<XdpAttachment> attachment_;
  std::unique_ptr<BlockList> list_;
};

TEST_F(Block, TheBlockedAreCutOffAndTheOthersGoOn) {
  for (const char* from : {"10.8.0.2", "10.8.0.3", "fd08::2", "fd08::3"})
    ASSERT_TRUE(pings(from)) << from;
  ASSERT_TRUE(block("10.8.0.2"));
  ASSERT_TRUE(block("fd08::2"));
  EXPECT_FALSE(pings("10.8.0.2"));
  EXPECT_FALSE(pings("fd08::2"));
  EXPECT_TRUE(pings("10.8.0.3"));
  EXPECT_TRUE(pings("fd08::3"));
  for (const auto& each : list_->blocks()) EXPECT_GE(each.packets, 2U) << each.what.to_string();
  EXPECT_FALSE(block("10.8.0.0/24"));  // its own address is in it
  ASSERT_TRUE(list_->unblock("10.8.0.2", "test", "over"));
  EXPECT_TRUE(pings("10.8.0.2"));
  EXPECT_FALSE(pings("fd08::2"));
  ASSERT_TRUE(list_->clear("test", "all"));
  EXPECT_TRUE(pings("fd08::2"));
}

TEST_F(Block, EndsAtItsTimeWithNobodyThereAndWithTheProgram) {
  ASSERT_TRUE(block("10.8.0.2", 3 * kSecond));
  ASSERT_TRUE(block("10.8.0.3"));
  // The keeper is gone, and nobody removes anything any more.
  list_.reset();
  EXPECT_FALSE(pings("10.8.0.2"));
  std::this_thread::sleep_for(std::chrono::seconds(3));  // its time, which nobody else ends
  EXPECT_TRUE(pings("10.8.0.2"));
  EXPECT_FALSE(pings("10.8.0.3"));
  // And when the program goes, as it does with the agent, everything does.
  attachment_.reset();
  EXPECT_TRUE(pings("10.8.0.3"));
}

// A list of a million comes and goes while packets come at a steady rate: none is lost. How
// long the longest gap was is this machine's, and printed.
TEST_F(Block, AMillionAddressesComeAndGoAndNoPacketIsLost) {
  PlaneRoom room;
  room.feed_addresses = 1U << 20U;
  BlockMachine machine(room);
  ASSERT_TRUE(machine.ready());
  const auto ifindex = here_->ifindex("x0");
  ASSERT_TRUE(ifindex);
  attachment_.reset();
  bpf_program* program = machine.program_for(*ifindex);
  thread_in(*here_, [&] {
    auto made = XdpAttachment::make(program, *ifindex, XdpMode::kNative);
    if (made) attachment_.emplace(std::move(*made));
  }).join();
  ASSERT_TRUE(attachment_);
  auto list = BlockList::open(machine.shared_plane(), dir_.file("million.jsonl"), {},
                              {{net("10.8.0.1"), "own address"}}, clock_);
  ASSERT_TRUE(list) << list.error().message;
  std::vector<IpPrefix> million;
  for (std::uint32_t i = 0; i < 1'000'000; ++i)
    million.push_back(IpPrefix::of(IpAddress::v4(0x0b000000U + i * 37), 32));

  ASSERT_TRUE(pings("10.8.0.3"));  // neighbours know each other
  Stream stream;
  std::thread taking = thread_in(*here_, [&] { take_stream(stream); });
  while (!stream.listens) std::this_thread::yield();
  std::thread giving = thread_in(*there_, [&] { give_stream(stream); });
  while (stream.sent < 500) std::this_thread::yield();
  const auto begun = std::chrono::steady_clock::now();
  const auto loaded = (*list)->load_feed("million", million, BlockMode::kEnforce, kHour, "test");
  const auto there = std::chrono::steady_clock::now();
  const auto sent_while_loaded = stream.sent.load();
  const bool dropped = (*list)->drop_feed("test", "over").has_value();
  // Its memory is given back in pieces.
  for (int i = 0; i < 60; ++i) (*list)->tick();
  const auto gone = std::chrono::steady_clock::now();
  stream.enough = true;
  giving.join();
  // What is under way comes, or the socket falls silent.
  taking.join();
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->loaded, million.size());
  EXPECT_TRUE(dropped);
  const auto seconds = [](auto a, auto b) { return std::chrono::duration<double>(b - a).count(); };
  fmt::print(
      "1,000,000 addresses: loaded in {:.2f} s, gone in {:.2f} s; {} packets sent ({} while it was "
      "loaded), {} came, longest gap between two {:.1f} ms, between two that were sent {:.1f} ms\n",
      seconds(begun, there), seconds(there, gone), stream.sent.load(), sent_while_loaded,
      stream.came.load(), stream.longest_gap / 1e6, stream.longest_pause / 1e6);
  EXPECT_GT(stream.sent.load(), sent_while_loaded);
  EXPECT_EQ(stream.came.load(), stream.sent.load());
}

}  // namespace
}  // namespace netprobe::test
