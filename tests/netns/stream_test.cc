// SPDX-License-Identifier: Apache-2.0
// What the command line shows while it happens, and ICMP errors.
#include <gtest/gtest.h>

#include <optional>
#include <sstream>

#include "agent.h"
#include "cluster.h"

namespace netprobe::test {
namespace {

class Stream : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    if (!have_program("socat")) GTEST_SKIP() << "needs the program socat";
    auto made = NodeAndPod::make();
    ASSERT_TRUE(made) << made.error().message;
    node_.emplace(std::move(made->node));
    pod_.emplace(std::move(made->pod));
    auto agent = Agent::start(*node_);
    ASSERT_TRUE(agent) << agent.error().message;
    agent_.emplace(std::move(*agent));
  }
  /// Reads the lines that a stream has written so far; true where one fits.
  template <typename Fits>
  static bool shows(const Process& stream, Fits fits) {
    return eventually([&] {
      std::istringstream lines(stream.out());
      for (std::string line; std::getline(lines, line);)
        if (line.ends_with('}') && fits(Json(line).root())) return true;
      return false;
    });
  }
  static bool has(simdjson::dom::element flow, std::string_view flag) {
    return text_of(flow, "tcp_flags").find(flag) != std::string::npos &&
           text_of(flow, "reverse_tcp_flags").find(flag) != std::string::npos;
  }

  std::optional<NetNamespace> node_;
  std::optional<NetNamespace> pod_;
  std::optional<Agent> agent_;
};

TEST_F(Stream, ShowsAConnectionFromItsBeginningToItsEnd) {
  auto stream = node_->start({cli_binary(), "observe", "-o", "json", "--protocol=tcp"});
  ASSERT_TRUE(stream);
  auto server = node_->start({"socat", "-u", "-d", "-d", "TCP4-LISTEN:7007", "OPEN:/dev/null"});
  ASSERT_TRUE(server);
  ASSERT_TRUE(server->wait_for_output("listening", kPatience));
  // It sends something after a moment, and ends after another.
  auto client =
      pod_->start({"sh", "-c", "(sleep 1; echo data; sleep 1) | socat -u - TCP4:10.77.0.1:7007"});
  ASSERT_TRUE(client);

  std::uint64_t id = 0;
  EXPECT_TRUE(shows(*stream, [&](simdjson::dom::element flow) {
    id = number_of(flow, "id");
    return number_of(flow, "dst_port") == 7007 && text_of(flow, "src_ip") == "10.77.0.2" &&
           has(flow, "S") && !has(flow, "F");
  })) << stream->out();
  // Later lines are the same flow, with more in it.
  EXPECT_TRUE(shows(*stream, [&](simdjson::dom::element flow) {
    return number_of(flow, "id") == id && number_of(flow, "bytes") > 160 && !has(flow, "F");
  })) << stream->out();
  EXPECT_TRUE(shows(*stream, [&](simdjson::dom::element flow) {
    return number_of(flow, "id") == id && has(flow, "S") && has(flow, "F") &&
           number_of(flow, "syns") == 2 && number_of(flow, "fins") == 2;
  })) << stream->out();
  // A closed connection is shown as ended.
  EXPECT_TRUE(shows(*stream, [&](simdjson::dom::element flow) {
    return number_of(flow, "id") == id && bool(flow["ended"]);
  })) << stream->out();
  EXPECT_EQ(stream->err(), "");
}

TEST_F(Stream, EndsWithTheAgent) {
  auto stream = node_->start({cli_binary(), "observe", "-o", "json"});
  ASSERT_TRUE(stream);
  ASSERT_TRUE(pod_->run({"ping", "-q", "-c", "2", "-i", "0.2", "10.77.0.1"}));
  EXPECT_TRUE(stream->wait_for_output("\"icmp\"", kPatience));
  const auto agent = agent_->stop();
  ASSERT_TRUE(agent) << agent.error().message;
  EXPECT_EQ(agent->exit_code, 0);
  const auto end = stream->wait(kPatience);
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->exit_code, 1);
  EXPECT_EQ(std::count(end->err.begin(), end->err.end(), '\n'), 1) << end->err;
}

TEST_F(Stream, UnreachablePortsAreTiedToTheFlow) {
  for (const std::string address : {"10.77.0.1", "[fd77::1]"}) {
    SCOPED_TRACE(address);
    ASSERT_TRUE(pod_->run({"sh", "-c", "echo hello | socat -u - UDP-SENDTO:" + address + ":7009"}));
  }
  const Json page = flows_when(*agent_, "protocol=udp&port=7009", [](const Json& flows) {
    std::uint64_t errors = 0;
    for (const auto flow : simdjson::dom::array(flows["flows"])) {
      std::uint64_t count = 0;
      if (flow["icmp_errors"].get(count) == simdjson::SUCCESS) errors += count;
    }
    return errors == 2;
  });
  ASSERT_EQ(number_of(page.root(), "total"), 2U) << simdjson::minify(page.root());
  for (const auto flow : simdjson::dom::array(page["flows"])) {
    const bool v6 = text_of(flow, "src_ip").find(':') != std::string::npos;
    EXPECT_EQ(number_of(flow, "icmp_errors"), 1U) << simdjson::minify(flow);
    EXPECT_EQ(number_of(flow, "last_icmp_error_type"), v6 ? 1U : 3U);
    EXPECT_EQ(number_of(flow, "last_icmp_error_code"), v6 ? 4U : 3U);
  }
}

}  // namespace
}  // namespace netprobe::test
