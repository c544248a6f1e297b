// SPDX-License-Identifier: Apache-2.0
// XDP on veths that the test made, asked for by name.
#include <gtest/gtest.h>

#include <optional>

#include "agent.h"

namespace netprobe::test {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

class Xdp : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    auto here = NetNamespace::create();
    auto there = NetNamespace::create();
    ASSERT_TRUE(here && there);
    here_.emplace(std::move(*here));
    there_.emplace(std::move(*there));
    ASSERT_TRUE(add_veth(*here_, "x0", *there_, "x0"));
    ASSERT_TRUE(add_veth(*here_, "y0", *there_, "y0"));
    for (const auto& [ns, n] : {std::pair{&*here_, "1"}, std::pair{&*there_, "2"}}) {
      ASSERT_TRUE(ns->add_address("x0", std::string("10.8.0.") + n + "/24"));
      ASSERT_TRUE(ns->add_address("x0", std::string("fd08::") + n + "/64"));
      ASSERT_TRUE(ns->add_address("y0", std::string("10.9.0.") + n + "/24"));
    }
    ASSERT_TRUE(here_->ip({"link", "add", "br0", "type", "bridge"}));
    ASSERT_TRUE(here_->set_up("br0"));
  }
  /// "mode: reason" of XDP at an interface.
  static std::string choice(const Agent& agent, std::string_view name) {
    const Json page = agent.json("/api/interfaces");
    for (const element each : array(page["interfaces"]))
      if (text_of(each, "name") == name)
        return text_of(each["xdp"], "mode") + ": " + text_of(each["xdp"], "reason");
    return "no such interface";
  }
  static std::uint64_t counted(const Agent& agent, std::string_view name, std::string_view what,
                               std::string_view inner = {}) {
    const Json page = agent.json("/api/interfaces");
    for (const element each : array(page["interfaces"])) {
      if (text_of(each, "name") != name) continue;
      const element xdp = each["xdp"];
      if (inner.empty()) return number_of(xdp, what);
      std::uint64_t value = 0;
      (void)xdp[what][inner].get(value);
      return value;
    }
    return 0;
  }
  static std::uint64_t tc_packets(const Agent& agent, std::string_view name,
                                  std::string_view what) {
    const Json page = agent.json("/api/interfaces");
    for (const element each : array(page["interfaces"]))
      if (text_of(each, "name") == name) return number_of(each["rx"], what);
    return 0;
  }
  static bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }

  std::optional<NetNamespace> here_;
  std::optional<NetNamespace> there_;
};

TEST_F(Xdp, IsOffUnlessAskedFor) {
  auto agent = Agent::start(*here_);
  ASSERT_TRUE(agent) << agent.error().message;
  EXPECT_EQ(choice(*agent, "x0"), ": --enable-xdp=false");
  EXPECT_FALSE(contains(*here_->run({"ip", "link", "show", "dev", "x0"}), "xdp"));
}

TEST_F(Xdp, CountsWhatComesInAndPassesAll) {
  auto agent = Agent::start(*here_, {"--enable-xdp=true", "--xdp-interface=x0"});
  ASSERT_TRUE(agent) << agent.error().message;
  EXPECT_TRUE(contains(choice(*agent, "x0"), "native: asked for by --xdp-interface"))
      << choice(*agent, "x0");
  EXPECT_TRUE(contains(choice(*agent, "x0"), "ns a packet"));
  EXPECT_TRUE(contains(agent->process().err(), "native XDP on a veth"));
  // The others have a reason each.
  EXPECT_EQ(choice(*agent, "y0"), ": not in --xdp-interface");
  EXPECT_EQ(choice(*agent, "br0"), ": not in --xdp-interface");
  EXPECT_TRUE(contains(*here_->run({"ip", "link", "show", "dev", "x0"}), "xdp"));

  // Every packet comes through: ping fails where one is missing.
  const auto pinged =
      there_->run({"ping", "-q", "-c", "50", "-i", "0.01", "-s", "472", "10.8.0.1"});
  ASSERT_TRUE(pinged);
  EXPECT_TRUE(contains(*pinged, " 0% packet loss")) << *pinged;
  ASSERT_TRUE(there_->run({"ping", "-q", "-c", "20", "-i", "0.01", "-s", "100", "fd08::1"}));
  EXPECT_TRUE(eventually([&] { return counted(*agent, "x0", "classes", "icmp") == 50; }))
      << choice(*agent, "x0");
  EXPECT_GE(counted(*agent, "x0", "classes", "icmp6"), 20U);
  EXPECT_GE(counted(*agent, "x0", "classes", "arp"), 1U);
  EXPECT_EQ(counted(*agent, "x0", "dropped"), 0U);
  EXPECT_EQ(counted(*agent, "x0", "classes", "malformed"), 0U);
  // The same frames as the TC hook behind it, each attached at its own moment:
  // compare what came since.
  const auto since_xdp = counted(*agent, "x0", "packets");
  const auto since_tc = tc_packets(*agent, "x0", "packets");
  const auto bytes_xdp = counted(*agent, "x0", "bytes");
  const auto bytes_tc = tc_packets(*agent, "x0", "bytes");
  ASSERT_TRUE(there_->run({"ping", "-q", "-c", "30", "-i", "0.01", "-s", "972", "10.8.0.1"}));
  EXPECT_TRUE(eventually([&] {
    const Json page = agent->json("/api/interfaces");
    for (const element each : array(page["interfaces"])) {
      if (text_of(each, "name") != "x0") continue;
      const auto packets = number_of(each["xdp"], "packets") - since_xdp;
      return packets >= 30 && packets == number_of(each["rx"], "packets") - since_tc &&
             number_of(each["xdp"], "bytes") - bytes_xdp ==
                 number_of(each["rx"], "bytes") - bytes_tc;
    }
    return false;
  })) << agent->get("/api/interfaces");
  // TCP, whose super-packets a native program gets as they are on the wire.
  const std::string page = agent->get("/metrics");
  EXPECT_TRUE(contains(page, R"(netprobe_xdp_packets_total{interface="x0",mode="native"})"));
  EXPECT_TRUE(contains(page, R"(netprobe_probe_info{probe="xdp",rung="native",state="on"} 1)"));
  const auto status = cli(*here_, {"status"});
  ASSERT_TRUE(status);
  EXPECT_TRUE(contains(status->out, "native")) << status->out;
  EXPECT_TRUE(contains(status->out, "not in --xdp-interface")) << status->out;
  // It leaves nothing.
  ASSERT_TRUE(agent->stop());
  EXPECT_FALSE(contains(*here_->run({"ip", "link", "show", "dev", "x0"}), "xdp"));
}

TEST_F(Xdp, AVethIsNotTakenUnasked) {
  auto agent = Agent::start(*here_, {"--enable-xdp=true"});
  ASSERT_TRUE(agent) << agent.error().message;
  EXPECT_TRUE(contains(choice(*agent, "x0"), ": a veth")) << choice(*agent, "x0");
  EXPECT_TRUE(contains(choice(*agent, "br0"), "has no native XDP")) << choice(*agent, "br0");
  for (const char* device : {"x0", "y0", "br0"})
    EXPECT_FALSE(contains(*here_->run({"ip", "link", "show", "dev", device}), "xdp")) << device;
  const auto status = cli(*here_, {"status"});
  ASSERT_TRUE(status);
  EXPECT_EQ(status->exit_code, 0) << status->out;
}

TEST_F(Xdp, GenericWhereAskedFor) {
  auto agent =
      Agent::start(*here_, {"--enable-xdp=true", "--xdp-mode=generic", "--xdp-interface=x0,br0"});
  ASSERT_TRUE(agent) << agent.error().message;
  EXPECT_TRUE(contains(choice(*agent, "x0"), "generic: ")) << choice(*agent, "x0");
  EXPECT_TRUE(contains(choice(*agent, "br0"), "generic: ")) << choice(*agent, "br0");
  EXPECT_TRUE(contains(*here_->run({"ip", "link", "show", "dev", "x0"}), "xdpgeneric"));
  ASSERT_TRUE(there_->run({"ping", "-q", "-c", "20", "-i", "0.01", "10.8.0.1"}));
  EXPECT_TRUE(eventually([&] { return counted(*agent, "x0", "classes", "icmp") == 20; }));
}

TEST_F(Xdp, AnothersProgramStays) {
  // Any XDP program will do: an agent of another namespace would be one too.
  auto first = Agent::start(*here_, {"--enable-xdp=true", "--xdp-interface=x0"});
  ASSERT_TRUE(first) << first.error().message;
  std::uint64_t id = 0;
  {
    const Json list(*here_->run({"bpftool", "--json", "net", "list"}));
    for (const element part : array(list.root()))
      for (const element xdp : array(part["xdp"])) id = number_of(xdp, "id");
  }
  ASSERT_NE(id, 0U);
  const std::string pin = "/sys/fs/bpf/" + here_->name();
  ASSERT_TRUE(run_ok({"bpftool", "prog", "pin", "id", std::to_string(id), pin}));
  ASSERT_TRUE(first->stop());
  const auto attached =
      here_->run({"bpftool", "net", "attach", "xdpgeneric", "pinned", pin, "dev", "y0"});
  (void)run({"rm", pin});
  ASSERT_TRUE(attached) << attached.error().message;
  auto agent = Agent::start(*here_, {"--enable-xdp=true", "--xdp-interface=y0"});
  ASSERT_TRUE(agent) << agent.error().message;
  // Ours by name, attached by somebody: with a link it is not replaced.
  EXPECT_TRUE(contains(choice(*agent, "y0"), "another XDP program is there and stays"))
      << choice(*agent, "y0");
  EXPECT_TRUE(contains(*here_->run({"ip", "link", "show", "dev", "y0"}),
                       "prog/xdp id " + std::to_string(id)));
  EXPECT_TRUE(agent->watches("y0"));
}

TEST_F(Xdp, InterfacesComeGoAndChange) {
  auto agent = Agent::start(*here_, {"--enable-xdp=true", "--xdp-interface=x0,z0"});
  ASSERT_TRUE(agent) << agent.error().message;
  ASSERT_TRUE(add_veth(*here_, "z0", *there_, "z0"));
  EXPECT_TRUE(eventually([&] { return contains(choice(*agent, "z0"), "native: "); }));
  ASSERT_TRUE(here_->ip({"link", "set", "x0", "down"}));
  ASSERT_TRUE(here_->ip({"link", "set", "x0", "mtu", "1400"}));
  ASSERT_TRUE(here_->ip({"link", "set", "x0", "up"}));
  ASSERT_TRUE(here_->ip({"link", "del", "z0"}));
  EXPECT_TRUE(eventually([&] { return choice(*agent, "z0") == "no such interface"; }));
  ASSERT_TRUE(add_veth(*here_, "z0", *there_, "z0"));
  EXPECT_TRUE(eventually([&] { return contains(choice(*agent, "z0"), "native: "); }));
  EXPECT_TRUE(contains(choice(*agent, "x0"), "native: ")) << choice(*agent, "x0");
  const auto before = counted(*agent, "x0", "classes", "icmp");
  ASSERT_TRUE(there_->run({"ping", "-q", "-c", "5", "-i", "0.01", "10.8.0.1"}));
  EXPECT_TRUE(eventually([&] { return counted(*agent, "x0", "classes", "icmp") == before + 5; }));
}

TEST_F(Xdp, RefusedByTheVerifierItIsOffAlone) {
  auto agent = Agent::start(*here_, {"--enable-xdp=true", "--xdp-interface=x0"},
                            {.environment = {{"NETPROBE_FAULT_LOAD", "xdp"}}});
  ASSERT_TRUE(agent) << agent.error().message;
  EXPECT_TRUE(contains(choice(*agent, "x0"), ": the kernel does not take")) << choice(*agent, "x0");
  EXPECT_TRUE(agent->watches("x0"));
  EXPECT_TRUE(contains(agent->get("/metrics"), R"(probe="xdp",rung="",state="failed"} 1)"));
}

}  // namespace
}  // namespace netprobe::test
