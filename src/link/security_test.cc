// SPDX-License-Identifier: Apache-2.0
// Certificates that are wrong, and those that are renewed while both sides run; peers
// of other versions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "link/testing/certificates.h"
#include "link/testing/fake_agent.h"

namespace netprobe {
namespace {

using testing::Certificates;
using testing::eventually;
using testing::FakeAgent;
using ::testing::HasSubstr;
using testing::kDay;
using testing::quick;

struct SecurityTest : ::testing::Test {
  AgentPeerPtr connect(const FakeAgent& agent, const LinkCredentialsPtr& with,
                       ProtocolRange protocol = {}) {
    GrpcPeerOptions options = quick(agent.address());
    options.protocol = protocol;
    return make_grpc_peer(options, with, clock);
  }
  static bool ready(const AgentPeerPtr& peer) {
    return eventually([&] { return peer->state()->link == AgentState::Link::kReady; });
  }
  static std::string problem(const AgentPeerPtr& peer) {
    EXPECT_TRUE(eventually([&] { return !peer->state()->problem.empty(); }));
    EXPECT_NE(peer->state()->link, AgentState::Link::kReady);
    return peer->state()->problem;
  }

  SystemClock clock;
  Certificates certificates;
};

TEST_F(SecurityTest, TrustsNoOtherAuthority) {
  Certificates others("another authority");
  FakeAgent agent(others.credentials("agent"));
  const auto peer = connect(agent, certificates.credentials("server", "netprobe-agent"));
  const std::string why = problem(peer);
  EXPECT_THAT(why, HasSubstr(agent.address()));
  EXPECT_THAT(why, HasSubstr("signed by 'another authority'"));
  EXPECT_THAT(why, HasSubstr("ca.crt"));
  EXPECT_EQ(peer->state()->link, AgentState::Link::kRefused);
}

TEST_F(SecurityTest, AgentTakesNoClientOfAnotherAuthority) {
  Certificates others("another authority");
  FakeAgent agent(certificates.credentials("agent"));
  // It trusts the agent, which does not trust it.
  others.write("ca.crt", certificates.maker().own().certificate);
  const auto peer = connect(agent, others.credentials("server", "netprobe-agent"));
  EXPECT_THAT(problem(peer), HasSubstr("signed by 'another authority'"));
}

TEST_F(SecurityTest, SaysWhatIsExpired) {
  certificates.issue("agent", {.common_name = "old",
                               .names = {"netprobe-agent"},
                               .from = Certificates::now() - 2 * kDay,
                               .until = Certificates::now() - kDay});
  FakeAgent agent(certificates.credentials("agent"));
  const auto peer = connect(agent, certificates.credentials("server", "netprobe-agent"));
  EXPECT_THAT(problem(peer), HasSubstr("its certificate expired at 20"));
  // Renewed, it is taken without a restart of anything.
  certificates.issue("agent", {.common_name = "new", .names = {"netprobe-agent"}});
  EXPECT_TRUE(ready(peer)) << peer->state()->problem;
}

TEST_F(SecurityTest, SaysThatOurOwnIsExpired) {
  certificates.issue("server", {.common_name = "old",
                                .names = {"netprobe-server"},
                                .from = Certificates::now() - 2 * kDay,
                                .until = Certificates::now() - kDay});
  FakeAgent agent(certificates.credentials("agent"));
  const auto peer = connect(agent, certificates.credentials("server", "netprobe-agent"));
  EXPECT_THAT(problem(peer), HasSubstr("our certificate in"));
  EXPECT_THAT(peer->state()->problem, HasSubstr("expired at"));
}

TEST_F(SecurityTest, WantsTheNameOfAnAgent) {
  certificates.issue("agent", {.common_name = "x", .names = {"something-else"}});
  FakeAgent agent(certificates.credentials("agent"));
  const auto peer = connect(agent, certificates.credentials("server", "netprobe-agent"));
  EXPECT_THAT(problem(peer), HasSubstr("is for something-else, not for netprobe-agent"));
  const auto other = connect(agent, certificates.credentials("server", "something-else"));
  EXPECT_TRUE(ready(other)) << other->state()->problem;
}

TEST_F(SecurityTest, WantsACertificateForItsUse) {
  certificates.issue(
      "agent",
      {.common_name = "x", .names = {"netprobe-agent"}, .for_server = false, .for_client = true});
  FakeAgent agent(certificates.credentials("agent"));
  const auto peer = connect(agent, certificates.credentials("server", "netprobe-agent"));
  EXPECT_THAT(problem(peer), HasSubstr("not made for a server"));
}

TEST_F(SecurityTest, PlainTextIsNotTakenForTls) {
  const auto plain =
      *LinkCredentials::make({.files = {}, .insecure = true, .peer_name = ""}, clock);
  FakeAgent agent(plain);
  EXPECT_TRUE(ready(connect(agent, plain)));
  const auto peer = connect(agent, certificates.credentials("server", "netprobe-agent"));
  EXPECT_FALSE(problem(peer).empty());
}

TEST_F(SecurityTest, RefusesFilesThatCannotBeUsed) {
  const auto made = [&](const LinkFiles& files) {
    const auto credentials = LinkCredentials::make({.files = files}, clock);
    return credentials ? std::string("taken") : credentials.error().message;
  };
  LinkFiles files = certificates.files("agent");
  EXPECT_EQ(made(files), "taken");
  files.key = certificates.path("server.key");
  EXPECT_THAT(made(files), HasSubstr("is not that of the certificate"));
  files = certificates.files("agent");
  files.ca = certificates.path("nothing.crt");
  EXPECT_THAT(made(files), HasSubstr("nothing.crt"));
  files = certificates.files("agent");
  files.certificate = files.key;
  EXPECT_THAT(made(files), HasSubstr("has no certificate"));
}

TEST_F(SecurityTest, RefusesWhoIsTooFarApart) {
  FakeAgent old(
      certificates.credentials("agent"),
      {.node = "", .version = "", .run_id = "", .protocol_oldest = 1, .protocol_newest = 2});
  const auto with = certificates.credentials("server", "netprobe-agent");
  const auto newer = connect(old, with, {.oldest = 3, .newest = 4});
  EXPECT_THAT(problem(newer), HasSubstr("speaks protocols 1 to 2"));
  EXPECT_EQ(newer->state()->link, AgentState::Link::kRefused);
  const auto near = connect(old, with, {.oldest = 2, .newest = 3});
  ASSERT_TRUE(ready(near));
  EXPECT_EQ(near->state()->protocol, 2U);
}

TEST_F(SecurityTest, TwoAgentsOfOneNodeAreToldApart) {
  FakeAgent one(certificates.credentials("agent"), {.node = "n", .version = "", .run_id = "a"});
  FakeAgent two(certificates.credentials("agent"), {.node = "n", .version = "", .run_id = "b"});
  const auto with = certificates.credentials("server", "netprobe-agent");
  const auto first = connect(one, with);
  const auto second = connect(two, with);
  ASSERT_TRUE(ready(first) && ready(second));
  EXPECT_EQ(first->state()->node, second->state()->node);
  EXPECT_NE(first->state()->run_id, second->state()->run_id);
}

}  // namespace
}  // namespace netprobe
