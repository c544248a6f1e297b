// SPDX-License-Identifier: Apache-2.0
// DNS messages and claims of neighbours: what the flow programs tell of them.
#include <bpf/bpf.h>

#include <map>

#include "abi/name_abi.h"
#include "bpf/ring_reader.h"
#include "probes/dns/name_decoder.h"
#include "probes/flow/device_table.h"
#include "probes/flow/flow_programs.h"
#include "prog/replay.h"

namespace netprobe::test {
namespace {

/// "a.example.com" of type A.
Bytes dns_question(std::uint8_t id) {
  return {0,   id,  1,   0,   0,   1,   0, 0,   0,   0,   0, 0, 1, 'a', 7, 'e',
          'x', 'a', 'm', 'p', 'l', 'e', 3, 'c', 'o', 'm', 0, 0, 1, 0,   1};
}
/// A neighbour advertisement of fd00::7, with the MAC address 02:00:00:00:00:09.
Bytes advertisement() {
  Bytes bytes{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 2, 1, 2, 0, 0, 0, 0, 9};
  return bytes;
}

class NamesTest : public ProgTest {
 protected:
  void open(std::uint32_t per_window = 1'000'000) {
    const auto kernel = probe_kernel();
    ASSERT_TRUE(kernel) << kernel.error().message;
    FlowProgramOptions options;
    options.names = per_window > 0;
    options.names_per_window = per_window;
    auto programs = load_flow_programs(options, *kernel);
    ASSERT_TRUE(programs) << programs.error().message;
    programs_.emplace(std::move(*programs));
    auto devices = DeviceTable::make(*programs_);
    ASSERT_TRUE(devices && devices->claim(1));
    devices_.emplace(std::move(*devices));
    if (per_window == 0) return;
    auto maps = share_name_maps(*programs_);
    ASSERT_TRUE(maps) << maps.error().message;
    auto stats = MappedArray<np_name_stats>::make(maps->stats.get(), maps->cpus);
    ASSERT_TRUE(stats);
    stats_.emplace(std::move(*stats));
    auto ring = RingReader::make(
        maps->events.get(), [this](std::span<const std::byte> record) { decoder_.add(record, 0); });
    ASSERT_TRUE(ring);
    ring_.emplace(std::move(*ring));
    maps_.emplace(std::move(*maps));
  }
  void push(const Packet& packet, const char* program = "netprobe_tc_ingress", int repeat = 1) {
    Bytes bytes = packet.bytes();
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = bytes.data(),
                .data_size_in = static_cast<__u32>(bytes.size()), .repeat = repeat);
    ASSERT_EQ(bpf_prog_test_run_opts(programs_->object.program_fd(program), &options), 0);
  }
  NameBatch taken() {
    ring_->drain();
    const auto batch = decoder_.take();
    return batch ? *batch : NameBatch{};
  }
  template <typename Field>
  std::uint64_t sum(Field field) const {
    std::uint64_t sum = 0;
    for (std::size_t cpu = 0; cpu < stats_->size(); ++cpu) sum += field((*stats_)[cpu]);
    return sum;
  }

  std::optional<FlowPrograms> programs_;
  std::optional<DeviceTable> devices_;
  std::optional<NameMaps> maps_;
  std::optional<MappedArray<np_name_stats>> stats_;
  std::optional<RingReader> ring_;
  NameDecoder decoder_;
};

Packet dns(Packet below, std::uint8_t id) {
  return below.udp({.src = 4'000, .dst = 53}).raw({.bytes = dns_question(id)});
}

TEST_F(NamesTest, TellsOfQuestionsHoweverTheyAreWrapped) {
  open();
  const Packet v4 = Packet().ether().ip("10.0.0.9", "10.0.0.53");
  const Packet v6 = Packet().ether().ip("fd00::9", "fd00::53");
  push(dns(v4, 1));
  push(dns(v6, 2));
  push(dns(Packet().ether().vlan({.id = 7}).ip("10.0.0.9", "10.0.0.53"), 3));
  push(dns(Packet().ip("10.0.0.9", "10.0.0.53"), 4), "netprobe_tc_l3_ingress");
  push(dns(Packet().ip("fd00::9", "fd00::53"), 5), "netprobe_tc_l3_egress");
  push(dns(Packet().ether().ipv6().hop_by_hop(), 6), "netprobe_tc_egress");
  const NameBatch batch = taken();
  ASSERT_EQ(batch.dns.size(), 6U);
  for (const DnsMessage& message : batch.dns) {
    EXPECT_EQ(message.name, "a.example.com");
    EXPECT_EQ(message.client_port, 4'000);
    EXPECT_EQ(message.bytes, dns_question(0).size());
    EXPECT_FALSE(message.is_cut);
  }
  EXPECT_EQ(batch.dns[0].client.to_string(), "10.0.0.9");
  EXPECT_EQ(batch.dns[1].server.to_string(), "fd00::53");
}

TEST_F(NamesTest, TellsOfEveryMessageOfAFlowThatTheCacheHas) {
  open();
  for (std::uint8_t id = 1; id <= 20; ++id)
    push(dns(Packet().ether().ip("10.0.0.9", "10.0.0.53"), id));
  EXPECT_EQ(taken().dns.size(), 20U);
  // And counts it in its flow all the same.
  const auto counters = devices_->read(1, Direction::kIngress);
  EXPECT_EQ(counters.packets, 20U);
  EXPECT_EQ(counters.unattributed_total(), 0U);
}

TEST_F(NamesTest, TellsNothingOfOthers) {
  open();
  const Packet v4 = Packet().ether().ip("10.0.0.9", "10.0.0.53");
  push(Packet(v4).udp({.src = 4'000, .dst = 54}).payload(60));
  push(Packet(v4).tcp({.src = 4'000, .dst = 53}).payload(60));
  push(Packet(v4).udp({.src = 4'000, .dst = 53}).payload(4));  // no header
  push(Packet(v4).echo(1, 1));
  EXPECT_EQ(taken().size(), 0U);
  EXPECT_EQ(sum([](const auto& one) { return one.seen[NP_NAME_DNS]; }), 0U);
  EXPECT_EQ(sum([](const auto& one) { return one.too_short[NP_NAME_DNS]; }), 1U);
}

TEST_F(NamesTest, CutsWhatIsLong) {
  open();
  Bytes question = dns_question(1);
  question.resize(1'000, 0);
  push(Packet()
           .ether()
           .ip("10.0.0.9", "10.0.0.53")
           .udp({.src = 4'000, .dst = 53})
           .raw({.bytes = question}));
  const NameBatch batch = taken();
  ASSERT_EQ(batch.dns.size(), 1U);
  EXPECT_TRUE(batch.dns[0].is_cut);
  EXPECT_EQ(batch.dns[0].bytes, 1'000U);
}

TEST_F(NamesTest, TellsOfArpAndNeighbourDiscovery) {
  open();
  push(Packet().ether().arp());
  push(Packet().ether().vlan({.id = 7}).arp());
  push(Packet()
           .ether()
           .ipv6({.hop_limit = 255})
           .icmp({.type = 136, .v6 = true})
           .raw({.bytes = advertisement()}));
  // From another link: none.
  push(Packet()
           .ether()
           .ipv6({.hop_limit = 64})
           .icmp({.type = 136, .v6 = true})
           .raw({.bytes = advertisement()}));
  const NameBatch batch = taken();
  ASSERT_EQ(batch.neighbours.size(), 3U);
  EXPECT_EQ(batch.neighbours[0].vlan, 0);
  EXPECT_EQ(batch.neighbours[0].link, 1U);
  EXPECT_EQ(batch.neighbours[1].vlan, 7);
  EXPECT_EQ(batch.neighbours[2].address.to_string(), "fd00::7");
  EXPECT_EQ(to_string(batch.neighbours[2].mac), "02:00:00:00:00:09");
  EXPECT_EQ(sum([](const auto& one) { return one.seen[NP_NAME_ARP]; }), 2U);
  EXPECT_EQ(sum([](const auto& one) { return one.seen[NP_NAME_ND]; }), 1U);
}

TEST_F(NamesTest, AFloodIsBoundedAndCounted) {
  constexpr std::uint64_t kPackets = 20'000;
  open(10);
  push(dns(Packet().ether().ip("10.0.0.9", "10.0.0.53"), 1), "netprobe_tc_ingress", kPackets);
  ring_->drain();
  const auto seen = sum([](const auto& one) { return one.seen[NP_NAME_DNS]; });
  const auto over = sum([](const auto& one) { return one.over_budget[NP_NAME_BUDGET_DNS]; });
  const auto full = sum([](const auto& one) { return one.ring_full; });
  EXPECT_EQ(seen, kPackets);
  EXPECT_GT(over, 0U);
  // Every one is told, or counted by why it is not.
  EXPECT_EQ(seen, over + full + decoder_.stats().records);
  // Neighbours have a budget of their own.
  push(Packet().ether().arp());
  EXPECT_EQ(taken().neighbours.size(), 1U);
}

TEST_F(NamesTest, OffItIsNotThere) {
  open(0);
  EXPECT_FALSE(share_name_maps(*programs_));
  push(dns(Packet().ether().ip("10.0.0.9", "10.0.0.53"), 1));
  EXPECT_EQ(devices_->read(1, Direction::kIngress).packets, 1U);
}

}  // namespace
}  // namespace netprobe::test
