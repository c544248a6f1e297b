// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "agent.h"
#include "raw_device.h"
#include "support/packet_builder.h"

/// Two hosts with a router between them, where an agent looks for drops.
namespace netprobe::test {

/// What one kind of drop must look like.
struct Expected {
  std::string selection;  ///< of /api/drops: the flow
  std::uint64_t count;
  std::set<std::string> reasons;  ///< names differ by kernel: any of these
  std::string hook;
  std::string interface;
};

/// client eth0 (10.9.1.2, fd09:1::2) -- r0 router r1 -- eth0 (10.9.2.2, fd09:2::2) server
class Drops : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    for (auto* ns : {&client_, &router_, &server_}) {
      auto made = NetNamespace::create();
      ASSERT_TRUE(made) << made.error().message;
      ns->emplace(std::move(*made));
    }
    ASSERT_TRUE(add_veth(*client_, "eth0", *router_, "r0"));
    ASSERT_TRUE(add_veth(*server_, "eth0", *router_, "r1"));
    for (const auto& [ns, device, v4, v6] :
         {std::tuple{&client_, "eth0", "10.9.1.2/24", "fd09:1::2/64"},
          std::tuple{&router_, "r0", "10.9.1.1/24", "fd09:1::1/64"},
          std::tuple{&router_, "r1", "10.9.2.1/24", "fd09:2::1/64"},
          std::tuple{&server_, "eth0", "10.9.2.2/24", "fd09:2::2/64"}}) {
      ASSERT_TRUE((*ns)->ip({"address", "add", v4, "dev", device}));
      ASSERT_TRUE((*ns)->ip({"address", "add", v6, "dev", device, "nodad"}));
    }
    for (const auto& [ns, v4, v6] : {std::tuple{&client_, "10.9.1.1", "fd09:1::1"},
                                     std::tuple{&server_, "10.9.2.1", "fd09:2::1"}}) {
      ASSERT_TRUE((*ns)->ip({"route", "add", "default", "via", v4}));
      ASSERT_TRUE((*ns)->ip({"-6", "route", "add", "default", "via", v6}));
    }
    ASSERT_TRUE(
        router_->run({"sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"}));
    // Neighbours are known: no packet waits for an answer, none is dropped so.
    for (const char* address : {"10.9.2.2", "fd09:2::2"})
      ASSERT_TRUE(client_->run({"ping", "-q", "-c", "1", "-W", "5", address}));
    // Other tests' drops on this machine must not push out these.
    std::vector<std::string> flags{"--max-drop-records=500000", "--collect-interval=500ms"};
    flags.insert(flags.end(), more_flags_.begin(), more_flags_.end());
    auto agent = Agent::start(*router_, std::move(flags));
    ASSERT_TRUE(agent) << agent.error().message;
    agent_.emplace(std::move(*agent));
  }

  static void must(const NetNamespace& ns, std::vector<std::string> command) {
    const auto done = ns.run(command);
    ASSERT_TRUE(done) << done.error().message;
  }
  /// `sh -c`, e.g. for ARP or nft lines.
  static void shell(const NetNamespace& ns, const std::string& line) {
    must(ns, {"sh", "-ec", line});
  }
  static void nft(const NetNamespace& ns, const std::string& hook, const std::string& rule) {
    shell(ns, "nft add table inet t; nft 'add chain inet t c { type filter hook " + hook +
                  " priority 0 ; }'; nft 'add rule inet t c " + rule + "'");
  }
  /// `count` datagrams with 100 bytes of data from the client, port 4000.
  void send_udp(const NetNamespace& from, const std::string& address, int port, int count) {
    const std::string family = address.find(':') == std::string::npos ? "4" : "6";
    for (int i = 0; i < count; ++i)
      shell(from, "head -c 100 /dev/zero | socat -u -b 200 - UDP" + family +
                      "-SENDTO:" + (family == "6" ? "[" + address + "]" : address) + ":" +
                      std::to_string(port) + ",sourceport=4000");
  }
  /// Whole frames at the client's device, to the router.
  void send_frames(const Packet& packet, int count) { send_frames(packet.bytes(), count); }
  void send_frames(Bytes frame, int count) {
    set_macs(frame);
    const auto socket = packet_socket(*client_, "eth0");
    ASSERT_TRUE(socket) << socket.error().message;
    for (int i = 0; i < count; ++i)
      ASSERT_EQ(::send(socket->get(), frame.data(), frame.size(), 0),
                static_cast<ssize_t>(frame.size()));
  }
  void set_macs(Bytes& frame) {
    const auto text = router_->run({"sh", "-c", "ip -br link show r0 | awk '{print $3}'"});
    ASSERT_TRUE(text);
    unsigned byte[6] = {};
    ASSERT_EQ(std::sscanf(text->c_str(), "%x:%x:%x:%x:%x:%x", &byte[0], &byte[1], &byte[2],
                          &byte[3], &byte[4], &byte[5]),
              6);
    for (std::size_t i = 0; i < 6; ++i) frame[i] = static_cast<std::uint8_t>(byte[i]);
  }

  /// Waits until the drops of the selection are as many, and checks what is said of them.
  void expect_drops(const Expected& expected) {
    SCOPED_TRACE(expected.selection);
    const std::string path = "/api/drops?limit=1000&" + expected.selection;
    const auto matching = [&](const Json& page) {
      std::uint64_t count = 0;
      for (const auto drop : simdjson::dom::array(page["drops"]))
        if (expected.reasons.contains(text_of(drop, "reason"))) count += number_of(drop, "count");
      return count;
    };
    (void)eventually([&] { return matching(agent_->json(path)) >= expected.count; }, 10 * kSecond);
    const Json page = agent_->json(path);
    EXPECT_EQ(matching(page), expected.count) << simdjson::minify(page.root());
    for (const auto drop : simdjson::dom::array(page["drops"])) {
      if (!expected.reasons.contains(text_of(drop, "reason"))) continue;
      EXPECT_EQ(text_of(drop, "hook"), expected.hook) << simdjson::minify(drop);
      EXPECT_EQ(text_of(drop, "interface"), expected.interface) << simdjson::minify(drop);
      EXPECT_FALSE(text_of(drop, "location").empty());
      EXPECT_GT(number_of(drop, "netns"), 0U);
    }
  }

  std::vector<std::string> more_flags_;  ///< of the agent; set before SetUp()
  std::optional<NetNamespace> client_;
  std::optional<NetNamespace> router_;
  std::optional<NetNamespace> server_;
  std::optional<Agent> agent_;
};

}  // namespace netprobe::test
