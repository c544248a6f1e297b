// SPDX-License-Identifier: Apache-2.0
// Real attack tools against a node with the real agent: each is found, with its kind,
// source and target; honest traffic beside it is not.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "attacked_node.h"

namespace netprobe::test {
namespace {

class Attacks : public AttackedNode {
 protected:
  void SetUp() override { set_up({"nmap", "hping3", "hydra", "slowhttptest", "curl", "python3"}); }
};

TEST_F(Attacks, PortScansOfAllKinds) {
  serve(80);
  struct Scan {
    std::string flag;
    std::string word;  ///< in the alert's sentence
    std::string ports = "1-300";
  };
  for (const Scan& scan :
       {Scan{"-sS", "SYN scan"}, Scan{"-sF", "FIN scan"}, Scan{"-sN", "NULL scan"},
        Scan{"-sX", "Xmas scan"}, Scan{"-sU", "UDP scan", "1-60"}}) {
    attack({"nmap", "-n", "-Pn", "-T4", "--max-retries", "1", scan.flag, "-p" + scan.ports, kNode});
    EXPECT_TRUE(eventually([&] { return found("port_scan", kPod, kNode, scan.word); }))
        << scan.flag << "\n"
        << alerts();
    end();
    begin();
  }
}

TEST_F(Attacks, AConnectScanOverIpv6) {
  attack({"nmap", "-6", "-n", "-Pn", "-T4", "-sT", "-p1-300", "fd77::1"});
  EXPECT_TRUE(eventually([&] { return found("port_scan", "fd77::2", "fd77::1"); })) << alerts();
}

TEST_F(Attacks, ASweepOfANetwork) {
  // Routed, so that the packets come whether somebody is there or not.
  ASSERT_TRUE(pod_->ip({"route", "add", "198.51.100.0/24", "via", kNode}));
  attack({"nmap", "-n", "-Pn", "-T4", "--max-retries", "0", "-sS", "-p22", "198.51.100.0/25"});
  EXPECT_TRUE(eventually([&] { return found("network_scan", kPod, "", "22"); })) << alerts();
}

TEST_F(Attacks, Floods) {
  serve(80);
  struct Flood {
    std::string kind;
    std::vector<std::string> flags;
  };
  for (const Flood& flood :
       {Flood{"syn_flood", {"-S", "-p", "80"}},
        Flood{"syn_flood", {"-S", "-p", "80", "--rand-source"}},
        Flood{"udp_flood", {"--udp", "-p", "9999"}}, Flood{"icmp_flood", {"--icmp"}}}) {
    std::vector<std::string> command{"hping3", "-q", "--flood", kNode};
    command.insert(command.begin() + 1, flood.flags.begin(), flood.flags.end());
    attack(std::move(command), 8);
    EXPECT_TRUE(eventually([&] {
      return alerts().find("\"kind\":\"" + flood.kind + "\"") != std::string::npos;
    })) << flood.kind
        << "\n"
        << alerts();
    end();
    begin();
  }
}

TEST_F(Attacks, SlowRequestsWearAServiceOut) {
  ASSERT_TRUE(others_.start(*node_, {"python3", "-c",
                                     "import socket, time\n"
                                     "s = socket.create_server(('0.0.0.0', 80), backlog=512)\n"
                                     "all = []\n"
                                     "while True: all.append(s.accept())\n"}));
  attack({"slowhttptest", "-c", "200", "-H", "-i", "3", "-r", "100", "-l", "35", "-u",
          std::string("http://") + kNode + "/"},
         45);
  EXPECT_TRUE(eventually([&] { return found("slow_request", kPod, kNode); })) << alerts();
}

TEST_F(Attacks, GuessedPasswords) {
  // What answers as an SSH server does, and refuses each.
  ASSERT_TRUE(others_.start(
      *node_, {"python3", "-c",
               "import socket, threading\n"
               "s = socket.create_server(('0.0.0.0', 21), backlog=512)\n"
               "def serve(c):\n"
               "  c.sendall(b'220 ready\\r\\n')\n"
               "  f = c.makefile('rb')\n"
               "  for line in f:\n"
               "    c.sendall(b'331 password\\r\\n' if line[:4] == b'USER' else b'530 no\\r\\n')\n"
               "    if line[:4] != b'USER': break\n"
               "  c.close()\n"
               "while True: threading.Thread(target=serve, args=(s.accept()[0],)).start()\n"}));
  attack({"sh", "-c",
          "seq 1 400 > /tmp/np-words.$$; hydra -q -I -l root -P /tmp/np-words.$$ -t 8 ftp://" +
              std::string(kNode) + "; rm -f /tmp/np-words.$$"},
         40);
  EXPECT_TRUE(eventually([&] { return found("brute_force", kPod, kNode); })) << alerts();
}

TEST_F(Attacks, HonestTrafficIsNone) {
  serve(80);
  serve(9100);
  ASSERT_TRUE(others_.iperf(*pod_, *node_, kNode, 5, {"-P", "2"}));
  // A page a few times a second, a scrape, one that refuses, and names that time out.
  const std::string node = kNode;
  attack({"sh", "-c",
          "for i in $(seq 1 60); do curl -s -o /dev/null http://" + node +
              "/; curl -s -o /dev/null http://" + node + ":9100/; curl -s -m 1 http://" + node +
              ":81/; ping -q -c 1 " + node + " >/dev/null; sleep 0.1; done"},
         60);
  // What is waited for is that nothing comes: an attempt without an answer has failed after
  // two seconds, and is looked at a round and a tick later.
  std::this_thread::sleep_for(std::chrono::seconds(4));
  EXPECT_EQ(alerts(), "");
  const Json page = agent_->json("/api/alerts");
  std::size_t on = 0;
  for (const auto detector : page.root()["detectors"])
    if (bool is_on = false; detector["on"].get(is_on) == simdjson::SUCCESS && is_on) ++on;
  EXPECT_GE(on, 8U);
  EXPECT_EQ(others_.failures(), "");
}

}  // namespace
}  // namespace netprobe::test
