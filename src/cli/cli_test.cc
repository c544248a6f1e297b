// SPDX-License-Identifier: Apache-2.0
// The program as a user runs it, against an agent that gives prepared answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/testing/answers.h"
#include "cli/testing/fake_agent.h"
#include "cli/testing/run.h"

namespace netprobe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace netprobe::testing;

void expect_one_line(const RunResult& run, int code) {
  EXPECT_EQ(run.exit_code, code) << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_TRUE(run.err.starts_with("netprobe: ")) << run.err;
  EXPECT_EQ(run.err.find('\n'), run.err.size() - 1) << run.err;
}

struct BadArguments {
  std::vector<std::string> arguments;
  std::vector<std::string> said;
};

class Usage : public ::testing::TestWithParam<BadArguments> {};

TEST_P(Usage, IsOneLineThatNamesItAndWhatIsAllowed) {
  const auto run = run_netprobe(GetParam().arguments);
  expect_one_line(run, 2);
  for (const auto& said : GetParam().said) EXPECT_THAT(run.err, HasSubstr(said));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Usage,
    ::testing::Values(
        BadArguments{{}, {"observe", "top", "replay", "--help"}},
        BadArguments{{"obsrve"}, {"'obsrve'", "observe", "status"}},
        BadArguments{{"--verbose"}, {"'--verbose'", "--help"}},
        BadArguments{{"observe", "--prot", "tcp"}, {"'--prot'", "--protocol", "--agent"}},
        BadArguments{{"observe", "--port", "99999"}, {"--port", "'99999'", "65535"}},
        BadArguments{{"observe", "--ip", "10.0.0"}, {"--ip", "'10.0.0'"}},
        BadArguments{{"observe", "--protocol", "xyz"}, {"--protocol", "'xyz'", "udp"}},
        BadArguments{{"observe", "--direction", "up"}, {"--direction", "'up'", "egress"}},
        BadArguments{{"observe", "--pod", "a/b/c"}, {"--pod", "'a/b/c'", "NAMESPACE/NAME"}},
        BadArguments{{"top", "--label", "=x"}, {"--label", "KEY=VALUE"}},
        BadArguments{{"replay", "f", "--pod", "a"}, {"'--pod'"}}, BadArguments{{"who"}, {"IP"}},
        BadArguments{{"who", "10.0.0"}, {"10.0.0"}},
        BadArguments{{"observe", "-o", "xml"}, {"'xml'", "table, wide, json"}},
        BadArguments{{"observe", "-n", "0"}, {"'0'", "from 1"}},
        BadArguments{{"observe", "a=1", "extra"}, {"'extra'"}},
        BadArguments{{"observe", "--once", "--since", "1h"}, {"--once", "--since"}},
        BadArguments{{"observe", "--until", "1h", "--follow"}, {"--until", "--follow"}},
        BadArguments{{"query"}, {"QUERY"}},
        BadArguments{{"query", "x", "-o", "xml"}, {"'xml'", "csv, parquet"}},
        BadArguments{{"query", "x", "--all", "-n", "3"}, {"--all", "--limit"}},
        BadArguments{{"query", "x", "--timeout", "soon"}, {"--timeout", "'soon'"}},
        BadArguments{{"report", "--since", "yesterday"}, {"--since", "'yesterday'"}},
        BadArguments{{"report", "--since", "1h", "--until", "2h"}, {"--since", "--until"}},
        BadArguments{{"report", "--lang", "fr"}, {"'fr'", "en, zh"}},
        BadArguments{{"observe", "--agent", "ftp://x"}, {"--agent", "http://localhost:8081"}},
        BadArguments{{"top", "--by", "size"}, {"'size'", "rate, bytes, packets"}},
        BadArguments{{"top", "--interval", "1x"}, {"'1x'", "5s"}},
        BadArguments{{"top", "--interval", "1ms"}, {"'1ms'", "100ms"}},
        BadArguments{{"replay"}, {"FILE"}},
        BadArguments{{"completion", "tcsh"}, {"'tcsh'", "bash, zsh, fish"}}));

TEST(Cli, HelpHasExamplesAndExitCodes) {
  for (const char* command : {"observe", "query", "top", "status", "cluster", "who", "drops",
                              "replay", "report", "cleanup", "completion"}) {
    const auto run = run_netprobe({command, "--help"});
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_THAT(run.out, HasSubstr("Example")) << command;
  }
  EXPECT_THAT(run_netprobe({"version"}).out, HasSubstr("netprobe "));
}

TEST(Cli, NoAgentIsOneSentenceWithAWayOut) {
  std::string gone;
  {
    const FakeAgent agent;
    gone = agent.url();
  }
  for (const auto& command : {std::vector<std::string>{"observe"},
                              {"observe", "--once"},
                              {"status"},
                              {"top", "--once"}}) {
    auto arguments = command;
    arguments.insert(arguments.end(), {"--agent", gone});
    const auto run = run_netprobe(arguments);
    EXPECT_EQ(run.exit_code, 1);
    EXPECT_EQ(run.err,
              "netprobe: no agent answers at " + gone +
                  ": start one with 'sudo netprobe-agent', or name another with --agent\n");
  }
}

TEST(Cli, ObserveOncePrintsAllPagesAsTheAgentWroteThem) {
  FakeAgent agent;
  agent.answer("/api/flows", R"({"flows":[)" + flow(1) + "," + flow(2) +
                                 R"(],"total":3,"next_cursor":"c/1","completeness":{}})");
  agent.answer_target("/api/flows?limit=1000&port=53&cursor=c%2F1",
                      R"({"flows":[)" + flow(3) + R"(],"total":3,"next_cursor":null})");
  const auto run =
      run_netprobe({"observe", "--once", "-o", "json", "--port", "53", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, flow(1) + "\n" + flow(2) + "\n" + flow(3) + "\n");
  EXPECT_THAT(agent.requests(), ElementsAre("/api/flows?limit=1000&port=53",
                                            "/api/flows?limit=1000&port=53&cursor=c%2F1"));
}

std::string event(const std::string& name, const std::string& data) {
  return "event: " + name + "\ndata: " + data + "\n\n";
}

TEST(Cli, ObserveFollowsTheStreamAndSaysWhatWasLost) {
  FakeAgent agent;
  agent.answer("/api/stream",
               event("hello", "{}") + ": heartbeat\n\n" + event("flow", flow(1)) +
                   event("lost", R"({"lost":17})") + event("flow", flow(2)),
               200, "text/event-stream");
  const auto run = run_netprobe(
      {"observe", "-o", "json", "--ip", "10.0.0.0/8", "--src-port=1000", "--agent", agent.url()});
  EXPECT_EQ(run.out, flow(1) + "\n" + flow(2) + "\n");
  EXPECT_THAT(run.err, HasSubstr("17 changes are not shown"));
  EXPECT_THAT(run.err, HasSubstr("ended the stream"));
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(agent.requests(), ElementsAre("/api/stream?ip=10.0.0.0%2F8&src_port=1000"));
}

TEST(Cli, ObserveEndsAtItsLimit) {
  FakeAgent agent;
  agent.answer("/api/stream",
               event("flow", flow(1)) + event("flow", flow(2)) + event("flow", flow(3)), 200,
               "text/event-stream");
  const auto run = run_netprobe({"observe", "-n", "2", "-o", "json", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, flow(1) + "\n" + flow(2) + "\n");
}

TEST(Cli, ObserveTableHasNoColourWhereNoTerminalIs) {
  FakeAgent agent;
  agent.answer("/api/flows", R"({"flows":[)" + flow(1) + R"(],"next_cursor":null})");
  const auto run = run_netprobe({"observe", "--once", "--agent", agent.url()});
  EXPECT_THAT(run.out, HasSubstr("SOURCE"));
  EXPECT_THAT(run.out, HasSubstr("03:04:05.678  udp    10.0.0.1:1000"));
  EXPECT_THAT(run.out, Not(HasSubstr("\x1b")));
}

TEST(Cli, AReaderThatGoesAwayIsNoError) {
  FakeAgent agent;
  std::string flows = flow(1);
  for (int i = 0; i < 5'000; ++i) flows += "," + flow(2);
  agent.answer("/api/flows", R"({"flows":[)" + flows + R"(],"next_cursor":null})");
  const auto run = run_shell("set -o pipefail; $NETPROBE observe --once -o json --agent " +
                             agent.url() + " | head -1");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out, flow(1) + "\n");
  EXPECT_EQ(run.err, "");
}

TEST(Cli, WhatTheAgentRefusesIsWrongUsage) {
  FakeAgent agent;
  agent.answer("/api/stream", R"({"title":"Bad Request","detail":"there is no interface x"})", 400,
               "application/problem+json");
  const auto run = run_netprobe({"observe", "-o", "json", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err, "netprobe: there is no interface x\n");
}

TEST(Cli, StatusTellsHealthByItsExitCode) {
  FakeAgent agent;
  agent.answer("/api/probes", kProbes);
  agent.answer("/api/interfaces", kInterfaces);
  agent.answer("/api/stats", stats(0));
  const auto healthy = run_shell("NETPROBE_AGENT=" + agent.url() + " $NETPROBE status");
  EXPECT_EQ(healthy.exit_code, 0) << healthy.err;
  EXPECT_THAT(healthy.out, HasSubstr("accounting: exact"));
  const auto json = run_netprobe({"status", "-o", "json", "--agent", agent.url()});
  EXPECT_EQ(json.out, "{\"probes\":" + kProbes + ",\"interfaces\":" + kInterfaces +
                          ",\"stats\":" + stats(0) + "}\n");
  agent.answer("/api/stats", stats(9));
  EXPECT_EQ(run_netprobe({"status", "--agent", agent.url()}).exit_code, 3);
  agent.answer("/api/stats", "{}");
  expect_one_line(run_netprobe({"status", "--agent", agent.url()}), 1);
}

TEST(Cli, TopPrintsOneTableWhereNoTerminalIs) {
  FakeAgent agent;
  agent.answer("/api/top", R"({"flows":[)" + flow(4) + "]}");
  agent.answer("/api/interfaces", kInterfaces);
  agent.answer("/api/stats", stats(0));
  const auto run = run_netprobe({"top", "--by", "bytes", "-n", "5", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("10.0.0.4:1000"));
  EXPECT_THAT(run.out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(agent.requests(),
              ElementsAre("/api/top?by=bytes&limit=5", "/api/interfaces", "/api/stats"));
}

TEST(Cli, ReplaySaysWhatItCannotRead) {
  const auto missing = run_netprobe({"replay", "/nonexistent/file.pcap"});
  expect_one_line(missing, 1);
  EXPECT_THAT(missing.err, HasSubstr("/nonexistent/file.pcap: No such file"));
  const auto text = run_netprobe({"replay", "-"}, "this is no capture");
  expect_one_line(text, 1);
  EXPECT_THAT(text.err, HasSubstr("standard input: it is neither a pcap nor a pcapng"));
}

}  // namespace
}  // namespace netprobe
