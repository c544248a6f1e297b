// SPDX-License-Identifier: Apache-2.0
#include "link/grpc_log.h"

#include <grpc/support/log.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

namespace netprobe {
namespace {

class StillClock final : public Clock {
 public:
  [[nodiscard]] Nanos wall() const override { return now; }
  [[nodiscard]] Nanos monotonic() const override { return now; }
  Nanos now = kSecond;
};

TEST(GrpcLog, OneLineInAWhile) {
  StillClock clock;
  LogLimit limit(clock);
  EXPECT_EQ(grpc_complaint("handshake\nfailed\x1b[1m", limit),
            "gRPC's library complains: handshake failed [1m");
  EXPECT_FALSE(grpc_complaint("again", limit));
  EXPECT_FALSE(grpc_complaint("again", limit));
  clock.now += 11 * kSecond;
  const auto next = grpc_complaint(std::string(5000, 'x'), limit);
  ASSERT_TRUE(next);
  EXPECT_LT(next->size(), 400U);
  EXPECT_TRUE(next->ends_with("(2 more since the last such line)"));
}

TEST(GrpcLog, GoesToThisLogAndNotToStandardError) {
  std::ostringstream text;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text)));
  log_grpc_here();
  gpr_log_verbosity_init();  // as with the first channel
  ::testing::internal::CaptureStderr();
  // Whoever was first in this process is in the log; the rest is held back.
  gpr_log(GPR_ERROR, "what is wrong: %d", 4711);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  spdlog::set_default_logger(before);
  EXPECT_TRUE(text.str().contains("gRPC's library complains: what is wrong: 4711"));
}

}  // namespace
}  // namespace netprobe
