// SPDX-License-Identifier: Apache-2.0
#include "server/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace netprobe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<ServerOptions> parse(std::vector<const char*> words,
                            std::vector<const char*> environment = {}) {
  words.insert(words.begin(), "netprobe-server");
  environment.push_back(nullptr);
  return parse_server_options(static_cast<int>(words.size()), words.data(), environment.data());
}

std::string refused(std::vector<const char*> words, std::vector<const char*> environment = {}) {
  const auto options = parse(std::move(words), std::move(environment));
  if (options) return "taken";
  EXPECT_EQ(options.error().kind, ErrorKind::kUsage);
  return options.error().message;
}

TEST(ServerOptions, FlagsWinOverTheEnvironmentAndThatOverTheFile) {
  const std::string path = testing::TempDir() + "netprobe_server_options.yaml";
  std::ofstream(path) << "agents: [a, 'b:9']\nagents_port: 1\nagents_timeout: 2s\n"
                         "grpc_insecure: true\n";
  const std::string config = "--config=" + path;
  const auto options =
      parse({config.c_str(), "--agents-port", "3"},
            {"NETPROBE_AGENTS_PORT=2", "NETPROBE_AGENTS_TIMEOUT=4s", "NETPROBE_LOG_LEVEL=warn"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_THAT(options->agents, ElementsAre("a", "b:9"));
  EXPECT_EQ(options->agents_port, 3);
  EXPECT_EQ(options->agents_timeout, 4 * kSecond);
  EXPECT_EQ(options->log_level, "warn");
  EXPECT_TRUE(options->grpc_insecure);
}

TEST(ServerOptions, WhatIsWrongIsNamedWithTheWayOut) {
  EXPECT_THAT(refused({"--agent=a"}), HasSubstr("there is no flag --agent (did you mean agents?)"));
  EXPECT_THAT(refused({"--agents-port=0"}), HasSubstr("'0' is not a number from 1 to 65535"));
  EXPECT_THAT(refused({"--agents=http://a"}), HasSubstr("an agent's address such as"));
  EXPECT_THAT(refused({"--agents-service=agents"}), HasSubstr("namespace/name"));
  EXPECT_THAT(refused({}), HasSubstr("mutual TLS"));
  EXPECT_THAT(refused({"--grpc-ca=a", "--grpc-key=b"}), HasSubstr("give all three"));
  EXPECT_THAT(refused({"--grpc-ca=a", "--grpc-insecure"}), HasSubstr("exclude each other"));
  EXPECT_THAT(refused({"--grpc-insecure"}, {"NETPROBE_LOG_FORMAT=xml"}),
              HasSubstr("NETPROBE_LOG_FORMAT: 'xml' is not one of auto, json, text"));
  EXPECT_THAT(refused({"--config=/nowhere/at.yaml"}), HasSubstr("/nowhere/at.yaml"));
}

// Kubernetes' variables of services are not ours.
TEST(ServerOptions, AServiceLinkIsNoSetting) {
  const auto options = parse({"--grpc-insecure"}, {"NETPROBE_METRICS_PORT=tcp://10.96.0.7:8081"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->metrics_port, 8081);
}

TEST(ServerOptions, HelpAsksForNothingElse) {
  const auto options = parse({"--help"});
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->show_help);
  EXPECT_THAT(server_help(), HasSubstr("--agents-timeout=DURATION"));
}

}  // namespace
}  // namespace netprobe
