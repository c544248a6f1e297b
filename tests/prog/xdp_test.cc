// SPDX-License-Identifier: Apache-2.0
// The XDP program by BPF_PROG_TEST_RUN: what it counts, and that it passes
// everything.
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <map>
#include <random>

#include "bpf/kernel.h"
#include "probes/xdp/xdp_counters.h"
#include "probes/xdp/xdp_programs.h"
#include "prog/random_traffic.h"
#include "prog/replay.h"

namespace netprobe::test {
namespace {

/// Test runs without a device see loopback.
constexpr std::uint32_t kIfindex = 1;

class Xdp {
 public:
  explicit Xdp(const XdpProgramOptions& options = {}) {
    lift_memlock_limit();
    const auto kernel = probe_kernel();
    EXPECT_TRUE(kernel);
    auto programs = load_xdp_programs(options, *kernel);
    EXPECT_TRUE(programs) << (programs ? "" : programs.error().message);
    if (!programs) return;
    auto counters = XdpCounterTable::make(*programs);
    EXPECT_TRUE(counters);
    programs_.emplace(std::move(*programs));
    counters_.emplace(std::move(*counters));
    EXPECT_TRUE(counters_->claim(kIfindex));
  }
  /// The program's answer.
  int push(const Bytes& frame) {
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_size_in = static_cast<__u32>(frame.size()));
    const int fd = programs_->object.program_fd("netprobe_xdp");
    EXPECT_EQ(bpf_prog_test_run_opts(fd, &options), 0) << frame.size() << " bytes";
    ++frames;
    bytes += frame.size();
    return static_cast<int>(options.retval);
  }
  int push(const Packet& packet) { return push(packet.bytes()); }
  XdpCounters counted() { return counters_->read(kIfindex); }
  std::map<std::string, std::uint64_t> classes() {
    std::map<std::string, std::uint64_t> result;
    for (const auto& [name, count] : counted().classes) result[name] = count;
    return result;
  }
  void expect_exact() {
    const auto now = counted();
    EXPECT_EQ(now.packets, frames);
    EXPECT_EQ(now.bytes, bytes);
    auto by = classes();
    EXPECT_EQ(by["ipv4"] + by["ipv6"] + by["non_ip"] + by["malformed"] + by["busy"], frames);
    EXPECT_EQ(by["tcp"] + by["udp"] + by["icmp"] + by["icmp6"] + by["sctp"] + by["other_l4"],
              by["ipv4"] + by["ipv6"]);
  }

  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;

 private:
  std::optional<XdpPrograms> programs_;
  std::optional<XdpCounterTable> counters_;
};

using XdpTest = ProgTest;

const Packet kTcp4 = Packet().ether().ipv4().tcp().payload(30);
const Packet kUdp6 = Packet().ether().ipv6().udp().payload(30);

TEST_F(XdpTest, CountsByWhatFramesAre) {
  struct Case {
    Packet packet;
    std::map<std::string, std::uint64_t> classes;
  };
  const Packet eth = Packet().ether();
  const Case cases[] = {
      {kTcp4, {{"ipv4", 1}, {"tcp", 1}}},
      {kUdp6, {{"ipv6", 1}, {"udp", 1}}},
      {Packet(eth).ipv4().echo(1, 1), {{"ipv4", 1}, {"icmp", 1}}},
      {Packet(eth).ipv6().echo(1, 1), {{"ipv6", 1}, {"icmp6", 1}}},
      {Packet(eth).ipv4().sctp(), {{"ipv4", 1}, {"sctp", 1}}},
      {Packet(eth).arp(), {{"arp", 1}, {"non_ip", 1}}},
      {Packet(eth).vlan({.id = 7}).ipv4().tcp(), {{"vlan", 1}, {"ipv4", 1}, {"tcp", 1}}},
      {Packet(eth).qinq(1, 2).ipv6().udp(), {{"vlan", 1}, {"ipv6", 1}, {"udp", 1}}},
      {Packet(eth).mpls({5, 6}).ipv4().udp(), {{"mpls", 1}, {"ipv4", 1}, {"udp", 1}}},
      {Packet(eth).ipv4({.options = {1}}).tcp(), {{"ipv4", 1}, {"ipv4_options", 1}, {"tcp", 1}}},
      {Packet(eth).ipv6().destination().udp(), {{"ipv6", 1}, {"ipv6_extensions", 1}, {"udp", 1}}},
      {Packet(eth).ipv4().udp({.dst = 4'789}).vxlan().ether().ipv6().tcp(),
       {{"ipv4", 1}, {"udp", 1}, {"vxlan", 1}}},
      {Packet(eth).ipv4().udp({.dst = 4'789}).vxlan().ether().arp(),
       {{"ipv4", 1}, {"udp", 1}, {"vxlan", 1}}},
      {Packet(eth).ipv6().udp({.dst = 6'081}).geneve().ether().ipv4().udp(),
       {{"ipv6", 1}, {"udp", 1}, {"geneve", 1}}},
      {Packet(eth).ipv4().gre().ipv4().tcp(), {{"ipv4", 1}, {"other_l4", 1}, {"gre", 1}}},
      {Packet(eth).ipv4().ipv6().tcp(), {{"ipv4", 1}, {"other_l4", 1}, {"ipip", 1}}},
  };
  int number = 0;
  for (const auto& one : cases) {
    SCOPED_TRACE(number++);
    Xdp xdp;
    EXPECT_EQ(xdp.push(one.packet), XDP_PASS);
    auto counted = xdp.classes();
    counted.erase("slow_path");
    std::erase_if(counted, [](const auto& each) { return each.second == 0; });
    EXPECT_EQ(counted, one.classes);
    xdp.expect_exact();
  }
}

TEST_F(XdpTest, FragmentsAndMalformed) {
  Xdp xdp;
  for (const auto& piece : Packet().ether().ipv4().udp().payload(2'000).fragments(1'000, 5))
    EXPECT_EQ(xdp.push(piece), XDP_PASS);
  EXPECT_EQ(xdp.classes()["fragments"], 3U);
  Bytes bad = kTcp4.bytes();
  bad[14] = 0x42;  // a header of 8 bytes
  EXPECT_EQ(xdp.push(bad), XDP_PASS);
  EXPECT_EQ(xdp.push(Bytes(bad.begin(), bad.begin() + 20)), XDP_PASS);
  EXPECT_EQ(xdp.classes()["malformed"], 2U);
  xdp.expect_exact();
}

// Every length of every kind of packet, and random bytes: passed and counted.
TEST_F(XdpTest, PassesWhateverComes) {
  Xdp xdp;
  const Packet packets[] = {
      kTcp4, kUdp6, Packet().ether().qinq(1, 2).ipv6().hop_by_hop().udp({.dst = 4'789}).vxlan(),
      Packet().ether().ipv4().gre({.key = 1}).ipv6().destination().tcp()};
  for (const auto& packet : packets) {
    const Bytes whole = packet.bytes();
    for (std::size_t size = 14; size <= whole.size(); ++size)
      ASSERT_EQ(xdp.push(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))),
                XDP_PASS);
  }
  std::mt19937 random(7);
  for (int i = 0; i < 5'000; ++i) {
    Bytes frame = packets[random() % 4].bytes();
    for (unsigned n = random() % 8; n > 0; --n)
      frame[12 + random() % (frame.size() - 12)] = static_cast<std::uint8_t>(random());
    ASSERT_EQ(xdp.push(frame), XDP_PASS);
  }
  xdp.expect_exact();
}

TEST_F(XdpTest, WithoutASlotItPasses) {
  const auto kernel = probe_kernel();
  ASSERT_TRUE(kernel);
  auto programs = load_xdp_programs({}, *kernel);
  ASSERT_TRUE(programs);
  const Bytes frame = kTcp4.bytes();
  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
              .data_size_in = static_cast<__u32>(frame.size()));
  ASSERT_EQ(bpf_prog_test_run_opts(programs->object.program_fd("netprobe_xdp"), &options), 0);
  EXPECT_EQ(options.retval, XDP_PASS);
}

}  // namespace
}  // namespace netprobe::test
