// SPDX-License-Identifier: Apache-2.0
// Drops that need more than a packet: a header that is none, a device that is
// down, a queue of connections that is full; and the way that led to a drop.
#include <sys/stat.h>

#include "drops.h"

namespace netprobe::test {
namespace {

/// Of drops without a tuple: those of this namespace.
std::string within(const NetNamespace& ns) {
  struct stat info{};
  EXPECT_EQ(::stat(ns.path().c_str(), &info), 0);
  return "netns=" + std::to_string(info.st_ino);
}

TEST_F(Drops, BadIpHeaders) {
  send_frames(Packet()
                  .ether()
                  .ipv4({.src = "10.9.1.2", .dst = "10.9.1.1", .checksum = 0x1234})
                  .udp({.src = 4000, .dst = 7303})
                  .payload(10),
              3);
  expect_drops({"protocol=udp&dst_port=7303", 3, {"IP_CSUM", "NOT_SPECIFIED"}, "ip", "r0"});
  // Longer than the packet is.
  send_frames(Packet()
                  .ether()
                  .ipv4({.src = "10.9.1.2", .dst = "10.9.1.1", .total_length = 1'400})
                  .udp({.src = 4000, .dst = 7304})
                  .payload(10),
              4);
  expect_drops({"protocol=udp&dst_port=7304", 4, {"PKT_TOO_SMALL", "NOT_SPECIFIED"}, "ip", "r0"});
  // A header of 16 bytes: it has no ports to be found by.
  Bytes frame = Packet()
                    .ether()
                    .ip("10.9.1.2", "10.9.1.1")
                    .udp({.src = 4000, .dst = 7305})
                    .payload(10)
                    .bytes();
  frame[14] = 0x44;
  send_frames(frame, 5);
  expect_drops(
      {within(*router_) + "&interface=r0&hook=ip&reason=IP_INHDR", 5, {"IP_INHDR"}, "ip", "r0"});
}

TEST_F(Drops, TheDeviceOnTheWayIsDown) {
  // Known for good, so that nothing waits for an answer that cannot come.
  const auto mac = server_->run({"sh", "-c", "ip -br link show eth0 | awk '{printf $3}'"});
  ASSERT_TRUE(mac);
  must(*router_,
       {"ip", "neigh", "replace", "10.9.2.2", "lladdr", *mac, "nud", "permanent", "dev", "r1"});
  must(*server_, {"ip", "link", "set", "eth0", "down"});
  send_udp(*client_, "10.9.2.2", 7811, 4);
  // No carrier: the kernel puts a queue there that takes nothing.
  expect_drops({"protocol=udp&dst_port=7811", 4, {"QDISC_DROP", "NOT_SPECIFIED"}, "qdisc", "r1"});
  // Down itself: then there is no route that way.
  must(*router_, {"ip", "link", "set", "r1", "down"});
  send_udp(*client_, "10.9.2.2", 7812, 3);
  expect_drops({"protocol=udp&dst_port=7812", 3, {"IP_INNOROUTES"}, "ip", "r0"});
}

/// The kernel's own count, in a namespace.
std::uint64_t listen_overflows(const NetNamespace& ns) {
  const auto text =
      ns.run({"awk",
              "/^TcpExt:/ {if (++n == 1) {for (i = 1; i <= NF; ++i) if ($i == \"ListenOverflows\") "
              "c = i} else printf \"%s\", $c}",
              "/proc/net/netstat"});
  EXPECT_TRUE(text);
  return text ? std::stoul(*text) : 0;
}

TEST_F(Drops, FullQueueOfConnectionsToAccept) {
  auto listening = router_->start({"python3", "-c",
                                   "import socket,time\n"
                                   "s=socket.create_server(('10.9.1.1',7711),backlog=4)\n"
                                   "print('up',flush=True);time.sleep(120)"});
  ASSERT_TRUE(listening);
  ASSERT_TRUE(listening->wait_for_output("up", kPatience));
  // Three are answered while the queue has room, and their ACKs held back until
  // five others have filled it.
  nft(*client_, "output", "tcp dport 7711 tcp sport 5001-5003 tcp flags == ack drop");
  auto asking = client_->start(
      {"python3", "-c",
       "import socket,time\n"
       "to=('10.9.1.1',7711)\n"
       "s=[socket.create_connection(to,source_address=('',5001+i)) for i in range(3)]\n"
       "s+=[socket.create_connection(to) for _ in range(5)]\n"
       "print('up',flush=True);time.sleep(120)"});
  ASSERT_TRUE(asking);
  ASSERT_TRUE(asking->wait_for_output("up", kPatience));
  shell(*client_, "nft flush ruleset");
  // Their SYN-ACKs come again, and now the ACKs arrive.
  ASSERT_TRUE(eventually([&] { return listen_overflows(*router_) >= 3; }));
  const std::string path = "/api/drops?limit=1000&protocol=tcp&dst_port=7711&" + within(*router_);
  std::string seen;
  std::uint64_t count = 0;
  EXPECT_TRUE(eventually([&] {
    seen = agent_->get(path);
    count = 0;
    const Json page(seen);
    for (const auto drop : simdjson::dom::array(page["drops"])) count += number_of(drop, "count");
    return count >= 3;
  })) << seen;
  EXPECT_LE(count, listen_overflows(*router_)) << seen;
  const Json page(seen);
  for (const auto drop : simdjson::dom::array(page["drops"])) {
    EXPECT_EQ(text_of(drop, "interface"), "r0") << seen;
    EXPECT_TRUE(text_of(drop, "hook") == "socket" || text_of(drop, "hook") == "tcp") << seen;
  }
}

class DropStacks : public Drops {
 protected:
  DropStacks() { more_flags_ = {"--drop-stacks"}; }
};

TEST_F(DropStacks, SayWhichWayLedToADrop) {
  nft(*router_, "input", "udp dport 7005 drop");
  send_udp(*client_, "10.9.1.1", 7005, 3);
  expect_drops({"protocol=udp&dst_port=7005", 3, {"NETFILTER_DROP"}, "netfilter", "r0"});
  const Json page = agent_->json("/api/drops?protocol=udp&dst_port=7005");
  std::string way;
  for (const auto drop : simdjson::dom::array(page["drops"]))
    for (const auto frame : simdjson::dom::array(drop["stack"]))
      way += std::string(std::string_view(frame)) + "\n";
  for (const char* passed : {"nf_hook_slow", "ip_local_deliver", "__netif_receive_skb"})
    EXPECT_NE(way.find(passed), std::string::npos) << passed << "\n" << way;
  EXPECT_EQ(way.find("bpf_"), std::string::npos) << "frames of the tracing itself:\n" << way;
}

}  // namespace
}  // namespace netprobe::test
