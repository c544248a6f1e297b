// SPDX-License-Identifier: Apache-2.0
// Blocks as a user asks for them: the real agent and the real command line, on a veth pair.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <set>

#include "agent.h"

namespace netprobe::test {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// Names of the maps that a process holds.
std::set<std::string> maps_of(pid_t pid) {
  std::set<std::string> names;
  const std::string folder = "/proc/" + std::to_string(pid) + "/fdinfo";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path());
    for (std::string key, value; in >> key >> value;) {
      if (key != "map_id:") continue;
      const auto shown = run({"bpftool", "--json", "map", "show", "id", value});
      if (!shown || !shown->ok()) continue;
      const Json map(shown->out);
      std::string_view name;
      if (map["name"].get(name) == simdjson::SUCCESS) names.emplace(name);
    }
  }
  return names;
}

class Response : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    auto hosts = TwoHosts::make();
    ASSERT_TRUE(hosts) << hosts.error().message;
    here_.emplace(std::move(hosts->here));
    there_.emplace(std::move(hosts->there));
  }
  Result<Agent> start(const std::string& mode, std::vector<std::string> more = {}) {
    std::vector<std::string> flags{"--enable-xdp=true", "--xdp-interface=x0",
                                   "--data-dir=" + dir_.path()};
    if (!mode.empty()) flags.push_back("--response=" + mode);
    flags.insert(flags.end(), more.begin(), more.end());
    auto agent = Agent::start(*here_, flags);
    // The program has to be there before a packet is expected to be dropped.
    if (agent)
      EXPECT_TRUE(eventually([&] {
        const auto link = here_->run({"ip", "link", "show", "dev", "x0"});
        return link && contains(*link, "xdp");
      }));
    return agent;
  }
  Finished netprobe(std::vector<std::string> arguments) {
    if (arguments[0] == "block" || arguments[0] == "unblock") {
      arguments.emplace_back("--token-file");
      arguments.push_back(dir_.file("response.token"));
    }
    auto done = cli(*here_, arguments);
    EXPECT_TRUE(done) << arguments[0];
    return done ? *done : Finished{};
  }
  Finished block(const std::string& what, const std::string& lasting = "1h",
                 std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"block", what, "--for", lasting, "--reason", "a test"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return netprobe(arguments);
  }
  bool pings(const std::string& from) {
    const std::string to = from.starts_with("fd") ? "fd08::1" : "10.8.0.1";
    return there_->run({"ping", "-q", "-c", "2", "-i", "0.05", "-W", "1", "-I", from, to})
        .has_value();
  }
  /// The status and the body of a request that curl makes.
  std::string request(std::vector<std::string> arguments) {
    std::vector<std::string> all{"curl", "-sS", "-m", "10", "-g", "-w", "\n%{http_code}"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    all.emplace_back("http://127.0.0.1:8081/api/blocks");
    const auto done = here_->run(all);
    return done ? *done : done.error().message;
  }
  static std::uint64_t sum_of(const Json& page, std::string_view list) {
    std::uint64_t sum = 0;
    for (const element each : array(page[list])) sum += number_of(each, "packets");
    return sum;
  }
  static std::uint64_t dropped_at_x0(const Agent& agent) {
    const Json page = agent.json("/api/drops");
    for (const element each : array(page["blocked"]))
      if (text_of(each, "interface") == "x0") return number_of(each, "packets");
    return 0;
  }

  TempDir dir_;
  std::optional<NetNamespace> here_;
  std::optional<NetNamespace> there_;
};

TEST_F(Response, IsOffUnlessAskedForAndSaysTheWayOut) {
  auto agent = start("");
  ASSERT_TRUE(agent) << agent.error().message;
  const std::string refused = request({"-X", "POST", "-H", "Content-Type: application/json", "-d",
                                       R"({"what":"10.8.0.2","for":"1h","reason":"r"})"});
  EXPECT_TRUE(contains(refused, "--response=dry-run")) << refused;
  EXPECT_TRUE(refused.ends_with("\n503")) << refused;
  EXPECT_EQ(text_of(agent->json("/api/blocks")["response"], "mode"), "off");
  const auto maps = maps_of(agent->process().pid());
  EXPECT_TRUE(maps.contains("xdp_stats"));
  for (const char* map : {"xdp_blocklist", "xdp_feed", "block_filter"})
    EXPECT_FALSE(maps.contains(map)) << map;
  EXPECT_FALSE(std::filesystem::exists(dir_.file("response.token")));
  EXPECT_TRUE(contains(agent->get("/metrics"), "netprobe_response_info{mode=\"off\"} 1"));
  const auto shown = netprobe({"blocks"});
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_TRUE(contains(shown.err, "--response=dry-run")) << shown.err;
}

TEST_F(Response, WithoutXdpTheAgentGoesOnAndSaysWhatIsMissing) {
  auto agent = Agent::start(*here_, {"--response=enforce", "--data-dir=" + dir_.path()});
  ASSERT_TRUE(agent) << agent.error().message;
  EXPECT_TRUE(contains(agent->process().err(), "--enable-xdp=true")) << agent->process().err();
  EXPECT_TRUE(
      contains(text_of(agent->json("/api/blocks")["response"], "why"), "--enable-xdp=true"));
  EXPECT_TRUE(eventually([&] { return agent->watches("x0"); }));
}

TEST_F(Response, ADryRunCountsAndPasses) {
  auto agent = start("dry-run");
  ASSERT_TRUE(agent) << agent.error().message;
  const auto done = block("10.8.0.2");  // enforce was asked for
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_TRUE(contains(done.out, "(dry-run)")) << done.out;
  EXPECT_TRUE(contains(done.err, "drops nothing")) << done.err;
  ASSERT_EQ(block("fd08::2").exit_code, 0);
  EXPECT_TRUE(pings("10.8.0.2"));
  EXPECT_TRUE(pings("fd08::2"));
  const Json page = agent->json("/api/blocks");
  EXPECT_GE(sum_of(page, "would_drop"), 4U);
  EXPECT_EQ(sum_of(page, "dropped"), 0U);
  for (const element each : array(page["blocks"])) {
    EXPECT_GE(number_of(each, "packets"), 2U);
    EXPECT_EQ(text_of(each, "mode"), "dry-run");
  }
  EXPECT_EQ(dropped_at_x0(*agent), 0U);
  EXPECT_TRUE(eventually([&] {
    return contains(agent->get("/metrics"), R"(netprobe_blocks{kind="block",mode="dry-run"} 2)");
  }));
  const auto status = netprobe({"status"});
  EXPECT_TRUE(contains(status.out, "response: dry-run at 1 interface, 2 blocks and limits"))
      << status.out;
}

TEST_F(Response, TheBlockedAreDroppedTheHonestGoOnAndAllEndsInTime) {
  auto agent = start("enforce");
  ASSERT_TRUE(agent) << agent.error().message;
  for (const char* from : {"10.8.0.2", "10.8.0.3", "fd08::2", "fd08::3"})
    ASSERT_TRUE(pings(from)) << from;
  ASSERT_EQ(block("10.8.0.2").exit_code, 0);
  ASSERT_EQ(block("fd08::2").exit_code, 0);
  EXPECT_FALSE(pings("10.8.0.2"));
  EXPECT_FALSE(pings("fd08::2"));
  EXPECT_TRUE(pings("10.8.0.3"));
  EXPECT_TRUE(pings("fd08::3"));
  // What causes dropped is what the interface dropped.
  const Json page = agent->json("/api/blocks");
  EXPECT_GE(sum_of(page, "dropped"), 4U);
  EXPECT_EQ(sum_of(page, "dropped"), sum_of(page, "blocks"));
  EXPECT_TRUE(eventually(
      [&] { return dropped_at_x0(*agent) == sum_of(agent->json("/api/blocks"), "dropped"); }));
  // One is freed, and nobody else.
  const auto freed = netprobe({"unblock", "10.8.0.2"});
  EXPECT_EQ(freed.exit_code, 0) << freed.err;
  EXPECT_TRUE(pings("10.8.0.2"));
  EXPECT_FALSE(pings("fd08::2"));
  const auto again = netprobe({"unblock", "10.8.0.2"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_TRUE(contains(again.err, "10.8.0.2 is not blocked")) << again.err;
  // Its time comes.
  ASSERT_EQ(block("10.8.0.2", "2s").exit_code, 0);
  EXPECT_TRUE(eventually([&] { return pings("10.8.0.2"); }));
  EXPECT_TRUE(eventually([&] {
    const Json now = agent->json("/api/blocks");
    return number_of(now.root(), "total") == 1;
  }));
  // Everything at once.
  ASSERT_EQ(block("10.8.0.2").exit_code, 0);
  EXPECT_EQ(netprobe({"unblock", "--all"}).exit_code, 0);
  EXPECT_TRUE(pings("10.8.0.2"));
  EXPECT_TRUE(pings("fd08::2"));
  EXPECT_EQ(number_of(agent->json("/api/blocks").root(), "total"), 0U);
}

TEST_F(Response, SomeAreNeverBlockedAndSomeMayNotAsk) {
  ASSERT_TRUE(here_->ip({"route", "add", "default", "via", "10.8.0.254"}));
  auto agent = start("enforce", {"--response-allow=10.8.0.3,2001:db8::/64"});
  ASSERT_TRUE(agent) << agent.error().message;
  for (const auto& [what, why] :
       std::vector<std::pair<std::string, std::string>>{{"10.8.0.1", "an address of this node"},
                                                        {"fd08::1", "an address of this node"},
                                                        {"10.8.0.0/24", "is on the allow list"},
                                                        {"10.8.0.254", "a default gateway"},
                                                        {"10.8.0.3", "--response-allow"},
                                                        {"2001:db8::7", "--response-allow"},
                                                        {"10.0.0.0/8", "wider than /16"},
                                                        {"127.0.0.1", "loopback"},
                                                        {"nobody", "nobody"}}) {
    const auto refused = block(what);
    EXPECT_EQ(refused.exit_code, 2) << what;
    EXPECT_TRUE(contains(refused.err, why)) << what << ": " << refused.err;
  }
  // An address that comes later is allowed soon, and free if it was not.
  ASSERT_EQ(block("10.8.0.77").exit_code, 0);
  ASSERT_TRUE(here_->add_address("x0", "10.8.0.77/24"));
  EXPECT_TRUE(
      eventually([&] { return number_of(agent->json("/api/blocks").root(), "total") == 0; }));
  EXPECT_EQ(block("10.8.0.77").exit_code, 2);
  // Without the token, with a wrong one, and as a page of elsewhere would.
  const std::string body = R"({"what":"10.8.0.2","for":"1h","reason":"r"})";
  const std::string json = "Content-Type: application/json";
  EXPECT_TRUE(request({"-d", body, "-H", json}).ends_with("\n401"));
  EXPECT_TRUE(
      request({"-d", body, "-H", json, "-H", "Authorization: Bearer x"}).ends_with("\n401"));
  EXPECT_TRUE(request({"-X", "DELETE"}).ends_with("\n401"));
  EXPECT_TRUE(request({"-X", "OPTIONS", "-H", "Origin: http://evil.example"}).ends_with("\n405"));
  std::ifstream in(dir_.file("response.token"));
  std::string token;
  in >> token;
  EXPECT_EQ(token.size(), 64U);
  EXPECT_TRUE(request({"-d", body, "-H", "Authorization: Bearer " + token}).ends_with("\n415"));
  EXPECT_TRUE(pings("10.8.0.2"));
  EXPECT_TRUE(
      request({"-d", body, "-H", json, "-H", "Authorization: Bearer " + token}).ends_with("\n200"));
  EXPECT_FALSE(pings("10.8.0.2"));
}

TEST_F(Response, GoesWithTheAgentAndComesBackWithIt) {
  {
    auto agent = start("enforce");
    ASSERT_TRUE(agent) << agent.error().message;
    ASSERT_EQ(block("10.8.0.2").exit_code, 0);
    ASSERT_EQ(block("10.8.0.3", "1h", {"--dry-run"}).exit_code, 0);
    EXPECT_FALSE(pings("10.8.0.2"));
    ASSERT_TRUE(agent->kill());
  }
  EXPECT_TRUE(eventually([&] { return pings("10.8.0.2"); }));
  auto agent = start("enforce");
  ASSERT_TRUE(agent) << agent.error().message;
  EXPECT_TRUE(eventually([&] { return !pings("10.8.0.2"); }));
  EXPECT_TRUE(pings("10.8.0.3"));
  const Json page = agent->json("/api/blocks");
  EXPECT_EQ(number_of(page.root(), "total"), 2U);
  EXPECT_EQ(netprobe({"unblock", "--all"}).exit_code, 0);
  EXPECT_TRUE(pings("10.8.0.2"));
  ASSERT_TRUE(agent->stop());
  auto third = start("enforce");
  ASSERT_TRUE(third) << third.error().message;
  EXPECT_EQ(number_of(third->json("/api/blocks").root(), "total"), 0U);
}

TEST_F(Response, LimitsLetThroughWhatIsWithin) {
  auto agent = start("enforce");
  ASSERT_TRUE(agent) << agent.error().message;
  const auto done = block("10.8.0.2", "1h", {"--limit", "1/s", "--burst", "5"});
  ASSERT_EQ(done.exit_code, 0) << done.err;
  const auto pinged = there_->run(
      {"ping", "-q", "-c", "40", "-i", "0.002", "-W", "1", "-I", "10.8.0.2", "10.8.0.1"});
  EXPECT_TRUE(pinged);  // some came
  const Json page = agent->json("/api/blocks");
  EXPECT_GE(sum_of(page, "limits"), 10U);
  EXPECT_EQ(sum_of(page, "limits"), sum_of(page, "dropped"));
  EXPECT_EQ(netprobe({"unblock", "10.8.0.2", "--kind", "source"}).exit_code, 0);
  EXPECT_TRUE(pings("10.8.0.2"));
}

TEST_F(Response, ListsOfBadAddressesAreBlockedWhereAskedFor) {
  const std::string list = dir_.file("bad.txt");
  std::ofstream(list) << "10.8.0.2\n198.51.100.0/24\n203.0.113.9\n";
  // Private addresses are none of a list's: only the others are blocked.
  auto agent = start("enforce", {"--threat-intel=bad=" + list, "--response-block-lists=bad"});
  ASSERT_TRUE(agent) << agent.error().message;
  EXPECT_TRUE(eventually([&] {
    const Json page = agent->json("/api/blocks");
    std::uint64_t entries = 0;
    return page["list"]["entries"].get(entries) == simdjson::SUCCESS && entries == 2;
  })) << agent->get("/api/blocks");
  EXPECT_TRUE(pings("10.8.0.2"));
  ASSERT_TRUE(there_->add_address("x0", "203.0.113.9/32"));
  ASSERT_TRUE(there_->add_address("x0", "203.0.113.10/32"));
  ASSERT_TRUE(here_->ip({"route", "add", "203.0.113.0/24", "via", "10.8.0.3"}));
  EXPECT_TRUE(pings("203.0.113.10"));
  EXPECT_FALSE(pings("203.0.113.9"));
  EXPECT_EQ(netprobe({"unblock", "--all"}).exit_code, 0);
  EXPECT_TRUE(pings("203.0.113.9"));
  ASSERT_TRUE(agent->stop());
  const auto refused =
      refused_agent(*here_, {"--response=enforce", "--response-block-lists=other"});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->exit_code, 2);
  EXPECT_TRUE(contains(refused->err, "there is no list 'other'")) << refused->err;
}

}  // namespace
}  // namespace netprobe::test
