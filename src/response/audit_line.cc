// SPDX-License-Identifier: Apache-2.0
#include <simdjson.h>

#include "base/json_writer.h"
#include "response/audit_log.h"

namespace netprobe {
namespace {

bool is_limit(std::string_view action) {
  return action == "limit" || action == "unlimit" || action == "keep-limit" ||
         action == "expire-limit";
}

std::string text_of(const simdjson::dom::element& line, const char* name) {
  std::string_view value;
  return line[name].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}
template <typename T>
T number_of(const simdjson::dom::element& line, const char* name) {
  T value = 0;
  return line[name].get(value) == simdjson::SUCCESS ? value : T{0};
}

Status read_limit(const simdjson::dom::element& line, AuditLine& out) {
  auto address = IpAddress::parse(out.what);
  if (!address) return std::unexpected(address.error());
  out.limit.address = *address;
  const auto port = number_of<std::uint64_t>(line, "port");
  const std::string side = text_of(line, "side");
  if (port > UINT16_MAX || (side != "source" && side != "target" && side != "syn"))
    return fail("no limit");
  out.limit.port = static_cast<std::uint16_t>(port);
  out.limit.side = side == "source"   ? LimitSide::kSource
                   : side == "target" ? LimitSide::kTarget
                                      : LimitSide::kSyn;
  out.limit.bytes = text_of(line, "unit") == "bytes";
  out.limit.rate = number_of<std::uint64_t>(line, "rate");
  out.limit.burst = number_of<std::uint64_t>(line, "burst");
  out.limit.mode = out.mode;
  return {};
}

}  // namespace

std::string to_json(const AuditLine& line) {
  std::string out;
  JsonObject object(out);
  object.time("time", line.time);
  object.integer("time_ns", line.time);
  object.text("action", line.action);
  object.text("what", line.what);
  object.text("mode", to_string(line.mode));
  object.text("who", line.who);
  object.text("reason", line.reason);
  if (line.until != 0) {
    object.time("until", line.until);
    object.integer("until_ns", line.until);
  }
  if (is_limit(line.action)) {
    object.text("side", to_string(line.limit.side));
    if (line.limit.port != 0) object.number("port", line.limit.port);
    object.number("rate", line.limit.rate);
    object.number("burst", line.limit.burst);
    object.text("unit", line.limit.bytes ? "bytes" : "packets");
  }
  if (line.count != 0) object.number("count", line.count);
  object.text("result", line.result);
  object.close();
  out += '\n';
  return out;
}

Result<AuditLine> parse_audit_line(std::string_view text) {
  static constexpr std::size_t kLongest = 16'384;
  if (text.size() > kLongest) return fail("a line of the audit trail is longer than any");
  simdjson::dom::parser parser;
  simdjson::dom::element line;
  if (parser.parse(simdjson::padded_string(text)).get(line) != simdjson::SUCCESS ||
      !line.is_object())
    return fail("not a line of an audit trail");
  AuditLine out;
  out.time = number_of<std::int64_t>(line, "time_ns");
  out.action = text_of(line, "action");
  out.what = text_of(line, "what");
  out.who = text_of(line, "who");
  out.reason = text_of(line, "reason");
  out.result = text_of(line, "result");
  out.until = number_of<std::int64_t>(line, "until_ns");
  out.count = number_of<std::uint64_t>(line, "count");
  out.mode = text_of(line, "mode") == "enforce" ? BlockMode::kEnforce : BlockMode::kDryRun;
  if (out.action.empty() || out.result.empty()) return fail("not a line of an audit trail");
  if (is_limit(out.action))
    if (auto s = read_limit(line, out); !s) return std::unexpected(s.error());
  return out;
}

}  // namespace netprobe
