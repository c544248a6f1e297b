// SPDX-License-Identifier: Apache-2.0
#include "support/json_schema.h"

#include <gtest/gtest.h>

namespace netprobe::testing {
namespace {

namespace json = boost::json;

const char* const kDocument = R"({
"paths": {"/a": {"get": {"responses": {
  "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}},
  "404": {"$ref": "#/components/responses/Problem"}}}}},
"components": {
"responses": {"Problem": {"content": {"application/problem+json": {"schema": {
  "type": "object", "required": ["status"]}}}}},
"schemas": {"A": {"type": "object", "required": ["n"], "additionalProperties": false, "properties": {
  "n": {"type": "integer", "minimum": 1},
  "t": {"type": ["string", "null"], "format": "date-time"},
  "e": {"enum": ["x", null]},
  "l": {"type": "array", "items": {"$ref": "#/components/schemas/A"}},
  "m": {"type": "object", "additionalProperties": {"type": "number"}},
  "o": {"oneOf": [{"type": "null"}, {"const": "only"}]}}}}}})";

std::vector<std::string> check(const char* body) {
  return JsonSchema(json::parse(kDocument)).check_answer("/a", 200, body);
}

TEST(JsonSchema, TakesWhatFits) {
  for (
      const char* body :
      {R"({"n":1})", R"({"n":2,"t":null,"e":null,"l":[],"m":{},"o":null})",
       R"({"n":3,"t":"2026-01-02T03:04:05Z","e":"x","l":[{"n":1}],"m":{"k":1,"j":1.5},"o":"only"})"})
    EXPECT_EQ(check(body), std::vector<std::string>{}) << body;
}

TEST(JsonSchema, NamesWhatDoesNot) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({})", "the answer: it has no n"},
      {R"([])", "the answer: array instead of \"object\""},
      {R"({"n":"1"})", ".n: string instead of \"integer\""},
      {R"({"n":1.5})", ".n: number instead of \"integer\""},
      {R"({"n":0})", ".n: 0 is beyond its minimum"},
      {R"({"n":1,"z":1})", "the answer: 'z' is not described"},
      {R"({"n":1,"t":"15m"})", ".t: \"15m\" is no date-time"},
      {R"({"n":1,"e":"y"})", R"(.e: "y" is not one of ["x",null])"},
      {R"({"n":1,"l":[{"n":1},{}]})", ".l[1]: it has no n"},
      {R"({"n":1,"m":{"k":"v"}})", ".m.k: string instead of \"number\""},
      {R"({"n":1,"o":"other"})", ".o: it fits 0 of oneOf"},
  };
  for (const auto& [body, complaint] : cases)
    EXPECT_EQ(check(body), std::vector<std::string>{complaint}) << body;
  EXPECT_EQ(check("{").size(), 1U);
}

TEST(JsonSchema, KnowsWhichAnswersAreDescribed) {
  const JsonSchema schema(json::parse(kDocument));
  EXPECT_EQ(schema.json_paths(), std::vector<std::string>{"/a"});
  EXPECT_TRUE(schema.check_answer("/a", 404, R"({"status":404})").empty());
  EXPECT_EQ(schema.check_answer("/a", 404, "{}").size(), 1U);
  EXPECT_EQ(schema.check_answer("/a", 500, "{}").size(), 1U);
  EXPECT_EQ(schema.check_answer("/b", 200, "{}").size(), 1U);
}

TEST(JsonSchema, BelievesNothingThatItDoesNotKnow) {
  const JsonSchema schema(json::parse("{}"));
  for (const char* unknown : {R"({"patternProperties":{}})", R"({"$ref":"#/nowhere"})", "true"})
    EXPECT_EQ(schema.check(json::parse(unknown), nullptr).size(), 1U) << unknown;
}

}  // namespace
}  // namespace netprobe::testing
