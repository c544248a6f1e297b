// SPDX-License-Identifier: Apache-2.0
#include "io/http_problem.h"

#include "base/json_writer.h"

namespace netprobe {

HttpResponse problem(unsigned status, std::string_view detail, const ProblemExtras& extras) {
  std::string body;
  JsonObject json(body);
  // "about:blank": the status says what kind of problem it is (RFC 9457 4.2.1).
  json.text("type", "about:blank");
  json.text("title", http_reason(status));
  json.number("status", status);
  json.text("detail", detail);
  if (!extras.parameter.empty()) json.text("parameter", extras.parameter);
  if (!extras.allowed.empty()) {
    json.key("allowed");
    JsonArray list(body);
    for (const auto name : extras.allowed) list.text(name);
    list.close();
  }
  if (extras.place) {
    json.number("column", extras.place->column);
    json.number("length", extras.place->length);
    json.key("expected");
    JsonArray list(body);
    for (const auto& word : extras.place->expected) list.text(word);
    list.close();
  }
  json.close();
  body += '\n';
  return {.status = status, .content_type = "application/problem+json", .body = std::move(body)};
}

}  // namespace netprobe
