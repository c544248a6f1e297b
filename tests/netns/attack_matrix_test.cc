// SPDX-License-Identifier: Apache-2.0
// More real tools against a node with the real agent: each is found with its kind, source
// and target; and how long after the attack crossed its definition. At the end a table.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "attacked_node.h"
#include "base/clock.h"
#include "base/duration.h"

namespace netprobe::test {
namespace {

/// What is said of each, in order.
std::vector<std::string>& table() {
  static std::vector<std::string> lines;
  return lines;
}

/// What a tool is to be found as.
struct Attack {
  std::string name;
  std::vector<std::string> command;
  std::string kind;
  std::string source;  ///< empty: none is named, since they are false
  std::string target;
  /// When its definition is crossed: arguments of crossing.py.
  std::string what;
  int count = 0;
  int seconds = 30;  ///< that the tool runs at most
  std::string word{};
};

class AttackMatrix : public AttackedNode {
 protected:
  void SetUp() override {
    set_up({"nmap", "hping3", "masscan", "ncrack", "slowhttptest", "curl", "python3"});
  }
  static void TearDownTestSuite() {
    if (table().empty()) return;
    std::printf("%-44s %-18s %10s %10s\n", "attack", "found as", "crossed", "found");
    std::printf("%-44s %-18s %10s %10s\n", "", "", "s of start", "s behind");
    for (const std::string& line : table()) std::printf("%s\n", line.c_str());
  }
  /// Wall, seconds; 0: it was not crossed.
  static double crossed(const Process& watcher) {
    const std::string out = watcher.out();
    const auto line = out.find('\n');
    return line == std::string::npos ? 0 : std::strtod(out.c_str() + line, nullptr);
  }
  [[nodiscard]] const simdjson::dom::element* find(const Json& page, const Attack& attack) {
    for (const auto alert : page.root()["alerts"]) {
      const auto is = [&](std::string_view end, const std::string& wanted) {
        std::string_view ip;
        const bool has = alert[end]["ip"].get(ip) == simdjson::SUCCESS;
        return wanted.empty() ? true : has && ip == wanted;
      };
      if (!is("source", attack.source) || !is("target", attack.target)) continue;
      if (text_of(alert, "summary").find(attack.word) == std::string::npos) continue;
      found_ = alert;
      return &found_;
    }
    return nullptr;
  }
  /// Runs it until it is found, or is over.
  void expect(const Attack& attack) {
    SCOPED_TRACE(attack.name);
    // One that knows nothing of the attack before.
    if (used_) {
      end();
      begin();
      ASSERT_TRUE(agent_);
    }
    used_ = true;
    auto watcher = pod_->start({"python3", std::string(NETPROBE_NETNS_SOURCES) + "/crossing.py",
                                "eth0", attack.what, std::to_string(attack.count)});
    ASSERT_TRUE(watcher) << watcher.error().message;
    ASSERT_TRUE(watcher->wait_for_output("ready", kPatience));
    const double start = static_cast<double>(SystemClock().wall()) / 1e9;
    std::vector<std::string> command{"timeout", std::to_string(attack.seconds)};
    command.insert(command.end(), attack.command.begin(), attack.command.end());
    auto tool = pod_->start(command);
    ASSERT_TRUE(tool) << tool.error().message;
    const std::string path = "/api/alerts?state=all&kind=" + attack.kind;
    double opened = 0;
    EXPECT_TRUE(eventually(
        [&] {
          const Json page = agent_->json(path);
          const auto* alert = find(page, attack);
          if (alert == nullptr) return false;
          const auto time = parse_time(text_of(*alert, "opened"), SystemClock().wall());
          opened = time ? static_cast<double>(*time) / 1e9 : 0;
          return true;
        },
        attack.seconds * kSecond + kPatience))
        << alerts();
    // It was crossed before it was told, so this is not waited for where it was found.
    const double at = crossed(*watcher);
    EXPECT_GT(at, 0) << "its definition was never crossed";
    (void)tool->stop(kPatience);
    (void)watcher->stop(kPatience);
    if (opened == 0) return;
    char line[160];
    std::snprintf(line, sizeof line, "%-44s %-18s %10.1f %10.1f", attack.name.c_str(),
                  attack.kind.c_str(), at - start, opened - at);
    table().emplace_back(line);
    // Nothing is found that has not been there.
    EXPECT_GT(opened, start);
  }
  /// One that probes ports 1 to 300.
  [[nodiscard]] static Attack scan(const std::string& name, std::vector<std::string> command,
                                   const std::string& word = "") {
    return {.name = name,
            .command = std::move(command),
            .kind = "port_scan",
            .source = kPod,
            .target = kNode,
            .what = "probes",
            .count = 20,
            .word = word};
  }
  [[nodiscard]] std::string node_mac() const {
    const auto told = node_->run({"cat", "/sys/class/net/eth0/address"});
    return told ? told->substr(0, 17) : std::string();
  }

  bool used_ = false;
  simdjson::dom::element found_;
};

TEST_F(AttackMatrix, ScansOfOtherKindsAndTimings) {
  serve(80);
  const auto nmap = [](const char* flag, std::initializer_list<const char*> more = {}) {
    std::vector<std::string> command{"nmap", "-n", "-Pn", "--max-retries", "1", flag, "-p1-300"};
    command.insert(command.end(), more.begin(), more.end());
    command.emplace_back(kNode);
    return command;
  };
  expect(scan("nmap -sA", nmap("-sA", {"-T4"}), "ACK scan"));
  expect(scan("nmap -sW", nmap("-sW", {"-T4"}), "ACK scan"));
  // FIN and ACK together: RFC 9293 resets both, and neither opens anything.
  expect(scan("nmap -sM", nmap("-sM", {"-T4"})));
  expect(scan("nmap -sV", nmap("-sV", {"-T4"})));
  expect(scan("nmap -sS -T3", nmap("-sS", {"-T3"}), "SYN scan"));
  expect(scan("nmap -sS -T5", nmap("-sS", {"-T5"}), "SYN scan"));
  expect(scan("nmap -sT -T5", nmap("-sT", {"-T5"})));
}

TEST_F(AttackMatrix, Masscan) {
  const std::string mac = node_mac();
  ASSERT_EQ(mac.size(), 17U);
  expect(scan("masscan -p1-300 --rate 500",
              {"masscan", kNode, "-p1-300", "--rate", "500", "-e", "eth0", "--source-ip", kPod,
               "--router-mac", mac, "--wait", "1"},
              "SYN scan"));
  Attack v6 = scan("masscan over IPv6",
                   {"masscan", "--range", "fd77::1", "-p1-300", "--rate", "500", "-e", "eth0",
                    "--source-ip", "fd77::2", "--router-mac-ipv6", mac, "--wait", "1"},
                   "SYN scan");
  v6.source = "fd77::2";
  v6.target = "fd77::1";
  expect(v6);
}

TEST_F(AttackMatrix, RepliesThatNobodyAskedFor) {
  const auto flood = [](const std::string& name, std::vector<std::string> flags) {
    std::vector<std::string> command{"hping3", "-q", "--flood", "--rand-source"};
    command.insert(command.end(), flags.begin(), flags.end());
    command.emplace_back(kNode);
    return Attack{.name = name,
                  .command = std::move(command),
                  .kind = "reflection_flood",
                  .source = "",
                  .target = kNode,
                  .what = "packets",
                  .count = 1'000,
                  .seconds = 8};
  };
  expect(flood("hping3 --udp -s 53 -k, false sources", {"--udp", "-s", "53", "-k", "-p", "40000"}));
  expect(flood("hping3 --udp -s 11211 -k, 1400 bytes",
               {"--udp", "-s", "11211", "-k", "-p", "40000", "-d", "1400"}));
  expect(
      flood("hping3 -SA -s 443 -k, false sources", {"-S", "-A", "-s", "443", "-k", "-p", "40000"}));
}

TEST_F(AttackMatrix, GuessedPasswordsByNcrack) {
  ASSERT_TRUE(others_.start(
      *node_, {"python3", "-c",
               "import socket, threading\n"
               "s = socket.create_server(('0.0.0.0', 21), backlog=512)\n"
               "def serve(c):\n"
               "  c.sendall(b'220 ready\\r\\n')\n"
               "  for line in c.makefile('rb'):\n"
               "    c.sendall(b'331 password\\r\\n' if line[:4] == b'USER' else b'530 no\\r\\n')\n"
               "    if line[:4] != b'USER': break\n"
               "  c.close()\n"
               "while True: threading.Thread(target=serve, args=(s.accept()[0],)).start()\n"}));
  const TempDir directory;
  const std::string words = directory.path() + "/words";
  std::string list;
  for (int i = 1; i <= 400; ++i) list += "word" + std::to_string(i) + "\n";
  ASSERT_TRUE(node_->run({"sh", "-c", "printf '%s' '" + list + "' > " + words}));
  expect({.name = "ncrack ftp, 8 connections",
          .command = {"ncrack", "--user", "root", "-P", words, "-g", "CL=8,at=1", "-p", "ftp:21",
                      kNode},
          .kind = "brute_force",
          .source = kPod,
          .target = kNode,
          .what = "closed",
          .count = 30,
          .seconds = 60});
}

TEST_F(AttackMatrix, SlowBodiesAndSlowReaders) {
  // Takes all connections and answers none: a request is told by how it comes.
  ASSERT_TRUE(others_.start(*node_, {"python3", "-c",
                                     "import socket\n"
                                     "s = socket.create_server(('0.0.0.0', 80), backlog=512)\n"
                                     "all = []\n"
                                     "while True: all.append(s.accept())\n"}));
  const std::string url = std::string("http://") + kNode + "/";
  expect({.name = "slowhttptest -B",
          .command = {"slowhttptest", "-c", "200", "-B", "-i", "3", "-r", "100", "-l", "40", "-u",
                      url},
          .kind = "slow_request",
          .source = kPod,
          .target = kNode,
          .what = "packets",
          .count = 160,  // 40 connections, each opened and its head sent
          .seconds = 45});
  others_.stop();
  ASSERT_TRUE(others_.start(
      *node_,
      {"python3", "-c",
       "import socket, threading\n"
       "s = socket.create_server(('0.0.0.0', 80), backlog=512)\n"
       "page = b'HTTP/1.1 200 OK\\r\\nContent-Length: 4000000\\r\\n\\r\\n' + b'x' * 4000000\n"
       "def serve(c):\n"
       "  try:\n"
       "    c.recv(4096); c.sendall(page)\n"
       "  except OSError: pass\n"
       "while True: threading.Thread(target=serve, args=(s.accept()[0],), "
       "daemon=True).start()\n"}));
  expect({.name = "slowhttptest -X",
          .command = {"slowhttptest", "-c", "200", "-X", "-r", "100", "-w", "10", "-y", "20",
                      "-n",           "5",  "-z",  "32", "-k", "1",   "-l", "60", "-u", url},
          .kind = "slow_read",
          .source = kPod,
          .target = kNode,
          .what = "packets",
          .count = 160,
          .seconds = 65});
}

}  // namespace
}  // namespace netprobe::test
