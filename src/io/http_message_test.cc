// SPDX-License-Identifier: Apache-2.0
#include "io/http_message.h"

#include <gtest/gtest.h>

#include "io/http_problem.h"

namespace netprobe {
namespace {

TEST(AcceptsGzip, ReadsTheHeader) {
  for (const char* yes : {"gzip", "GZIP", "deflate, gzip;q=0.5", "*", "br, gzip", "gzip;q=1.0"})
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  for (const char* no : {"", "br", "gzip;q=0", "gzip; q=0.000", "*;q=0", "gzip;q=0, *", "xgzip"})
    EXPECT_FALSE(accepts_gzip(no)) << no;
}

TEST(HttpRequest, FindsHeadersWhateverTheirCase) {
  const HttpRequest request{.headers = {{"Accept", "a"}, {"ACCEPT", "b"}}};
  EXPECT_EQ(request.header("accept"), "a");
  EXPECT_EQ(request.header("accep"), "");
}

TEST(Problem, EscapesWhatTheUserSent) {
  const auto answer = problem(400, "no \"x\"\n", {.parameter = "x", .allowed = {"a", "b"}});
  EXPECT_EQ(answer.content_type, "application/problem+json");
  EXPECT_EQ(answer.body.view(),
            "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
            "\"detail\":\"no \\\"x\\\"\\u000a\",\"parameter\":\"x\",\"allowed\":[\"a\",\"b\"]}\n");
}

}  // namespace
}  // namespace netprobe
