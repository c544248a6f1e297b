// SPDX-License-Identifier: Apache-2.0
#include "io/header_file.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

TEST(HeaderFile, ReadsHeaders) {
  const auto headers = parse_headers(
      "# of the collector\r\n\r\nAuthorization:  Bearer a:b \r\nX-Scope-OrgID: tenant");
  ASSERT_TRUE(headers) << headers.error().message;
  EXPECT_EQ(*headers,
            (std::vector<std::string>{"Authorization: Bearer a:b", "X-Scope-OrgID: tenant"}));
  EXPECT_TRUE(parse_headers("")->empty());
}

TEST(HeaderFile, RefusesWhatIsNoneAndDoesNotShowIt) {
  for (const std::string_view text :
       {"secret", ": secret", "a b: secret", "Name:", "Name: secret\x01", "Näme: secret"}) {
    const auto headers = parse_headers(text);
    ASSERT_FALSE(headers) << text;
    EXPECT_TRUE(headers.error().message.contains("line 1")) << headers.error().message;
    EXPECT_FALSE(headers.error().message.contains("secret")) << headers.error().message;
  }
  EXPECT_FALSE(parse_headers("ok: yes\nContent-Type: text/plain"));
  EXPECT_FALSE(parse_headers(std::string(70'000, '#')));
}

TEST(HeaderFile, NamesAFileThatIsNotThere) {
  const auto headers = read_header_file("/nonexistent/headers");
  ASSERT_FALSE(headers);
  EXPECT_TRUE(headers.error().message.contains("/nonexistent/headers"));
  EXPECT_TRUE(read_header_file("")->empty());
}

}  // namespace
}  // namespace netprobe
