// SPDX-License-Identifier: Apache-2.0
// What the forwarding probe reads in a namespace that is set up as Flannel does
// it, and what the comparison makes of it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <simdjson.h>

#include <functional>
#include <thread>

#include "base/unique_fd.h"
#include "io/link_watcher.h"
#include "kube/flannel/testing.h"
#include "probes/forwarding/forwarding_probe.h"
#include "support/netns.h"

namespace netprobe::test {
namespace {

using namespace netprobe::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// `ip` or `bridge` command lines inside a namespace; one process for all.
void batch(const NetNamespace& ns, const std::string& program, const std::string& lines) {
  auto process = ns.run({"sh", "-c", "printf '%s' \"$1\" | " + program + " -batch -", "sh", lines});
  ASSERT_TRUE(process) << process.error().message;
}

/// Flannel's entries of this node for peers `from` to `to`.
void add_peers(const NetNamespace& ns, int from, int to) {
  constexpr int kAtOnce = 250;  // a command line has its limit
  for (int first = from; first <= to; first += kAtOnce) {
    std::string ip;
    std::string bridge;
    for (int n = first; n < first + kAtOnce && n <= to; ++n) {
      ip += fmt::format(
          "neigh replace {0} lladdr {1} dev flannel.1 nud permanent\n"
          "neigh replace {2} lladdr {3} dev flannel-v6.1 nud permanent\n"
          "route add {0}/24 via {0} dev flannel.1 onlink\n"
          "route add {2}/64 via {2} dev flannel-v6.1 onlink\n",
          net4(n), mac(n, 4), net6(n), mac(n, 6));
      bridge += fmt::format(
          "fdb append {} dev flannel.1 dst {} self permanent\n"
          "fdb append {} dev flannel-v6.1 dst {} self permanent\n",
          mac(n, 4), node4(n), mac(n, 6), node6(n));
    }
    batch(ns, "ip", ip);
    batch(ns, "bridge", bridge);
  }
}

class Forwarding : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = netns_obstacle(); !why.empty()) GTEST_SKIP() << why;
    auto node = NetNamespace::create();
    ASSERT_TRUE(node) << node.error().message;
    node_ = std::make_unique<NetNamespace>(std::move(*node));
    auto made = add_veth(*node_, "eth0", *node_, "switch0");
    ASSERT_TRUE(made) << made.error().message;
    batch(*node_, "ip",
          fmt::format("addr add {0}/16 dev eth0\n"
                      "addr add {1}/64 dev eth0 nodad\n"
                      "route add default via 10.88.0.1\n"
                      "link add cni0 type bridge\n"
                      "addr add {2}/24 dev cni0\n"
                      "link set cni0 up\n"
                      "link add flannel.1 address {3} mtu 1450 type vxlan id 1 local {0} dev eth0 "
                      "dstport 8472 nolearning\n"
                      "addr add {2}/32 dev flannel.1\n"
                      "link set flannel.1 up\n"
                      "link add flannel-v6.1 address {4} mtu 1430 type vxlan id 1 local {1} dev "
                      "eth0 dstport 8472 nolearning\n"
                      "addr add {5}/128 dev flannel-v6.1 nodad\n"
                      "link set flannel-v6.1 up\n",
                      node4(1), node6(1), net4(1), mac(1, 4), mac(1, 6), net6(1)));
  }

  /// Runs it on a thread that is in the namespace, with what is there.
  void inside(const std::function<void(LinkWatcher&)>& run) const {
    std::thread thread([&] {
      const UniqueFd ns(::open(node_->path().c_str(), O_RDONLY | O_CLOEXEC));
      ASSERT_EQ(::setns(ns.get(), CLONE_NEWNET), 0) << node_->path();
      auto links = LinkWatcher::make();
      ASSERT_TRUE(links) << links.error().message;
      run(*links);
    });
    thread.join();
  }

  [[nodiscard]] static ForwardingState report_of(Probe& probe) {
    Signals signals;
    probe.report(signals);
    return signals.forwarding;
  }

  /// One reading by a new probe.
  [[nodiscard]] ForwardingState read() const {
    ForwardingState state;
    inside([&](LinkWatcher& links) {
      const SystemClock clock;
      auto probe = ForwardingProbe::make(clock);
      ASSERT_TRUE(probe);
      for (const auto& link : links.read()->changed) (*probe)->on_interface(link, true);
      (*probe)->collect(clock.monotonic());
      EXPECT_EQ((*probe)->status().state, ProbeState::kOn);
      state = report_of(**probe);
    });
    EXPECT_EQ(state.error, "");
    EXPECT_GT(state.taken_at, 0);
    return state;
  }

  /// Kinds and nodes of what disagrees with a cluster of `nodes`.
  [[nodiscard]] std::vector<std::string> findings(int nodes) const {
    Scene scene;
    for (int n = 1; n <= nodes; ++n) scene.nodes.push_back(kube_node(n));
    scene.state = read();
    return scene.kinds();
  }

  std::unique_ptr<NetNamespace> node_;
};

TEST_F(Forwarding, ReadsWhatFlannelSetsUp) {
  add_peers(*node_, 2, 3);
  const ForwardingState state = read();
  ASSERT_EQ(state.devices.size(), 2U);
  for (const TunnelDevice& device : state.devices) {
    const bool v6 = device.interface == "flannel-v6.1";
    EXPECT_EQ(device.kind, "vxlan");
    EXPECT_EQ(device.vni, 1U);
    EXPECT_EQ(device.port, 8472U);
    EXPECT_EQ(device.local.to_string(), v6 ? node6(1) : node4(1));
    EXPECT_EQ(format_mac(device.mac), mac(1, v6 ? 6 : 4));
    EXPECT_EQ(device.mtu, v6 ? 1430U : 1450U);
    EXPECT_EQ(device.underlay, "eth0");
    EXPECT_EQ(device.underlay_mtu, 1500U);
    EXPECT_EQ(device.overhead, v6 ? 70U : 50U);
    EXPECT_TRUE(device.up);
    EXPECT_NE(std::ranges::find(device.addresses, prefix(v6 ? net6(1) + "/128" : net4(1) + "/32")),
              device.addresses.end());
  }
  // Every route of the main table, as `ip` lists them.
  std::size_t listed = 0;
  for (const char* family : {"-4", "-6"}) {
    const auto text = node_->run({"ip", "-json", family, "route", "show", "table", "main"});
    ASSERT_TRUE(text) << text.error().message;
    simdjson::dom::parser parser;
    listed += simdjson::dom::array(parser.parse(*text)).size();
  }
  EXPECT_EQ(state.routes.size(), listed);
  Scene scene;
  scene.state = state;
  EXPECT_TRUE(scene.route(net4(2) + "/24").onlink);
  EXPECT_EQ(scene.route(net6(3) + "/64").gateway.to_string(), net6(3));
  EXPECT_EQ(scene.route("0.0.0.0/0").interface, "eth0");
  EXPECT_EQ(format_mac(scene.neighbour(net6(2)).mac), mac(2, 6));
  EXPECT_TRUE(scene.neighbour(net4(2)).permanent);
  EXPECT_EQ(scene.entry(mac(3, 4)).remote.to_string(), node4(3));
  EXPECT_EQ(scene.entry(mac(3, 6)).interface, "flannel-v6.1");
  EXPECT_EQ(state.truncated, 0U);
}

TEST_F(Forwarding, NothingIsFoundUntilSomethingIsBroken) {
  add_peers(*node_, 2, 3);
  EXPECT_THAT(findings(3), IsEmpty());
  ASSERT_TRUE(node_->ip({"route", "delete", net4(2) + "/24"}));
  EXPECT_THAT(findings(3), ElementsAre("missing_route node2"));
  batch(*node_, "ip",
        fmt::format("route add {}/24 via {} dev flannel.1 onlink\n", net4(2), net4(3)));
  EXPECT_THAT(findings(3), ElementsAre("wrong_gateway node2"));
  batch(*node_, "ip", fmt::format("route replace {0}/24 via {0} dev flannel.1 onlink\n", net4(2)));
  batch(*node_, "ip",
        fmt::format("neigh replace {} lladdr 4e:70:aa:aa:aa:aa dev flannel-v6.1 nud "
                    "permanent\n",
                    net6(3)));
  EXPECT_THAT(findings(3), ElementsAre("wrong_vtep_mac node3"));
  batch(*node_, "ip", fmt::format("neigh delete {} dev flannel-v6.1\n", net6(3)));
  EXPECT_THAT(findings(3), ElementsAre("missing_neighbour node3"));
  batch(*node_, "ip",
        fmt::format("neigh replace {} lladdr {} dev flannel-v6.1 nud permanent\n", net6(3),
                    mac(3, 6)));
  batch(*node_, "bridge",
        fmt::format("fdb replace {} dev flannel.1 dst 10.88.7.7 self permanent\n", mac(2, 4)));
  EXPECT_THAT(findings(3), ElementsAre("wrong_forwarding_entry node2"));
  batch(*node_, "bridge",
        fmt::format("fdb replace {} dev flannel.1 dst {} self permanent\n", mac(2, 4), node4(2)));
  // The kernel does not let a tunnel grow beyond its underlay; but this shrinks.
  ASSERT_TRUE(node_->ip({"link", "set", "eth0", "mtu", "1450"}));
  EXPECT_THAT(findings(3), ElementsAre("mtu_mismatch node1", "mtu_mismatch node1"));
  ASSERT_TRUE(node_->ip({"link", "set", "eth0", "mtu", "1500"}));
  ASSERT_TRUE(node_->ip({"link", "set", "flannel.1", "address", "4e:70:bb:bb:bb:bb"}));
  // With it the kernel forgets the device's IPv4 neighbours.
  EXPECT_THAT(findings(3), ElementsAre("own_vtep_mac_mismatch node1", "missing_neighbour node2",
                                       "missing_neighbour node3"));
}

TEST_F(Forwarding, WhatLeadsToNobodyIsStale) {
  add_peers(*node_, 2, 3);
  EXPECT_THAT(findings(2),
              ElementsAre("stale_route ", "stale_route ", "stale_neighbour ", "stale_neighbour ",
                          "stale_forwarding_entry ", "stale_forwarding_entry "));
}

TEST_F(Forwarding, AsksWhenItIsTimeWhenAskedAndWhenAnInterfaceChanges) {
  inside([&](LinkWatcher& links) {
    ManualClock clock(100 * kSecond);
    auto made = ForwardingProbe::make(clock);
    ASSERT_TRUE(made);
    Probe& probe = **made;
    const auto follow = [&] {
      const auto changes = links.read();
      ASSERT_TRUE(changes);
      for (const auto index : changes->gone) probe.on_interface_gone(index);
      for (const auto& link : changes->changed) probe.on_interface(link, true);
    };
    const auto routes = [&] { return report_of(probe).routes.size(); };
    const auto at = [&](Nanos seconds) {
      clock.set((100 + seconds) * kSecond);
      return clock.monotonic();
    };
    follow();
    probe.collect(at(0));
    const auto before = routes();
    ASSERT_TRUE(node_->ip({"route", "add", "10.99.0.0/16", "via", "10.88.0.2"}));
    probe.refresh(at(1));
    probe.collect(at(9));
    EXPECT_EQ(routes(), before);
    probe.collect(at(10));
    EXPECT_EQ(routes(), before + 1);
    ASSERT_TRUE(node_->ip({"route", "add", "10.98.0.0/16", "via", "10.88.0.2"}));
    probe.refresh(at(12));
    EXPECT_EQ(routes(), before + 2);
    // With the device its routes go.
    EXPECT_EQ(report_of(probe).devices.size(), 2U);
    ASSERT_TRUE(node_->ip({"link", "delete", "flannel-v6.1"}));
    follow();
    probe.collect(at(12));
    EXPECT_EQ(report_of(probe).devices.size(), 2U);
    probe.collect(at(13));
    EXPECT_EQ(report_of(probe).devices.size(), 1U);
    // Pods are none of its business.
    batch(*node_, "ip", "link add veth9 type veth peer name veth9p\nlink set veth9 master cni0\n");
    ASSERT_TRUE(node_->ip({"route", "add", "10.97.0.0/16", "via", "10.88.0.2"}));
    const auto known = routes();
    follow();
    probe.collect(at(15));
    EXPECT_EQ(routes(), known);
    EXPECT_EQ(probe.status().events, 4U);
  });
}

TEST_F(Forwarding, AThousandPeersAreReadInMilliseconds) {
  constexpr int kPeers = 1000;
  add_peers(*node_, 2, kPeers);
  inside([&](LinkWatcher& links) {
    ForwardingReader::Links known;
    for (const auto& link : links.read()->changed) known[link.ifindex] = link;
    ForwardingReader reader;
    Nanos best = kSecond;
    ForwardingState state;
    for (int i = 0; i < 10; ++i) {
      const Nanos begin = SystemClock().monotonic();
      auto read = reader.read(known);
      best = std::min(best, SystemClock().monotonic() - begin);
      ASSERT_TRUE(read) << read.error().message;
      state = std::move(*read);
    }
    EXPECT_EQ(state.entries.size(), 2U * (kPeers - 1));
    EXPECT_GE(state.routes.size(), 2U * (kPeers - 1));
    EXPECT_GE(state.neighbours.size(), 2U * (kPeers - 1));
    EXPECT_EQ(reader.interrupted(), 0U);
    std::printf("%d peers, both families: %.2f ms a reading\n", kPeers,
                static_cast<double>(best) / kMillisecond);
    // Single milliseconds; more under sanitizers and on a busy machine.
    EXPECT_LT(best, 100 * kMillisecond);
  });
  EXPECT_THAT(findings(kPeers), IsEmpty());
}

}  // namespace
}  // namespace netprobe::test
