// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <sstream>
#include <variant>

#include "golden_messages.h"
#include "link/answer_codec.h"
#include "link/names_codec.h"
#include "link/proto/netprobe.pb.h"
#include "link/records_codec.h"
#include "link/sums_codec.h"
#include "query/evaluate.h"

namespace netprobe::testing {
namespace {

using Lines = std::vector<std::string>;

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte >= 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return out;
}

struct Printer {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(const std::string& text) const { return printable(text); }
  std::string operator()(const IpAddress& address) const { return address.to_string(); }
  template <typename Number>
  std::string operator()(const Number& number) const {
    return fmt::format("{}", number);
  }
};

void add_value(Lines& lines, const std::string& name, const Value& value) {
  // What is not known has no line: a later version may know more.
  if (!std::holds_alternative<std::monostate>(value))
    lines.push_back(fmt::format("{} = {}", name, std::visit(Printer{}, value)));
}

template <typename Record>
void add_records(Lines& lines, RecordKind kind, const std::vector<Record>& records) {
  for (std::size_t i = 0; i < records.size(); ++i)
    for (const Field& field : fields())
      if (field.of(kind))
        add_value(lines, fmt::format("{}.{}.{}", table_name(kind, Tier::kRaw), i, field.name),
                  value_of({field.id, "app"}, {kind, &records[i], "node-1"}));
}

void add_answer(Lines& lines, const QueryAnswer& answer) {
  for (std::size_t r = 0; r < answer.rows.size(); ++r)
    for (std::size_t c = 0; c < answer.columns.size(); ++c)
      add_value(lines, fmt::format("rows.{}.{}", r, answer.columns[c].name), answer.rows[r][c]);
}

/// A message's own fields, as protobuf writes them.
void add_fields(Lines& lines, const google::protobuf::Message& message) {
  std::istringstream text(message.DebugString());
  for (std::string line; std::getline(text, line);) lines.push_back(line);
}

void add_end(Lines& lines, const v1::QueryEnd& end) {
  QueryAnswer answer;
  decode_end(end, answer);
  lines.push_back(fmt::format("end {} {} {} {} {}", to_string(answer.tier), answer.resolution,
                              answer.since.value_or(-1), answer.until.value_or(-1),
                              answer.kept_since.value_or(-1)));
  lines.push_back(fmt::format("end {} {} '{}' {} {}", answer.exact, answer.truncated, answer.cursor,
                              answer.rows_read, answer.took));
  for (const std::string& warning : answer.warnings) lines.push_back("warning " + warning);
  for (const auto& [what, count] : decode_lost(end.lost()))
    lines.push_back(fmt::format("lost {} {}", what, count));
}

template <typename Message>
bool read(Lines& lines, Message& message, const std::string& bytes) {
  if (message.ParseFromString(bytes)) return true;
  lines.emplace_back("refused: no message");
  return false;
}

template <typename Message>
Lines fields_of(const std::string& bytes) {
  Lines lines;
  Message message;
  if (read(lines, message, bytes)) add_fields(lines, message);
  return lines;
}

Lines query_text(const std::string& bytes) {
  Lines lines;
  v1::QueryReply reply;
  if (!read(lines, reply, bytes)) return lines;
  QueryAnswer answer;
  TextBudget budget;
  if (reply.has_rows()) {
    if (auto done = decode_rows(reply.rows(), budget, answer); !done)
      lines.push_back("refused: " + done.error().message);
    add_answer(lines, answer);
  }
  if (reply.has_end()) add_end(lines, reply.end());
  if (reply.has_failed()) {
    const QueryFailure failure = decode_failure(reply.failed());
    lines.push_back(fmt::format("failed {} {}", static_cast<int>(failure.kind), failure.message));
  }
  return lines;
}

Lines live_text(const std::string& bytes) {
  Lines lines;
  v1::LiveReply reply;
  if (!read(lines, reply, bytes)) return lines;
  lines.push_back(fmt::format("run {} sequence {} lost {} now {}", reply.run_id(), reply.sequence(),
                              reply.lost(), reply.now()));
  if (reply.has_records()) {
    const auto batch = decode_records(reply.records());
    if (!batch) return {"refused: " + batch.error().message};
    lines.push_back("node " + batch->node);
    add_records(lines, RecordKind::kFlow, batch->flows);
    add_records(lines, RecordKind::kDrop, batch->drops);
    add_records(lines, RecordKind::kConnection, batch->connections);
    add_records(lines, RecordKind::kAlert, batch->alerts);
  }
  if (reply.has_window()) {
    const v1::Window& window = reply.window();
    lines.push_back(
        fmt::format("window {} {} folded {}", window.begin(), window.end(), window.folded()));
    QueryAnswer answer;
    TextBudget budget;
    if (auto done = decode_rows(window.rows(), budget, answer); !done)
      lines.push_back("refused: " + done.error().message);
    add_answer(lines, answer);
  }
  return lines;
}

Lines sums_text(const std::string& bytes) {
  Lines lines;
  v1::SumsReply reply;
  if (!read(lines, reply, bytes)) return lines;
  const auto report = decode_sums(reply);
  if (!report) return {"refused: " + report.error().message};
  for (const WorkloadPair& pair : report->pairs) {
    lines.push_back(fmt::format("pair {}/{}/{} {}/{}/{} {}", pair.src.name_space, pair.src.kind,
                                pair.src.name, pair.dst.name_space, pair.dst.kind, pair.dst.name,
                                pair.direction));
    lines.push_back(fmt::format("flows {} connections {} dropped {} packets {} {} bytes {} {}",
                                pair.flows, pair.connections, pair.dropped, pair.forward.packets,
                                pair.reverse.packets, pair.forward.bytes, pair.reverse.bytes));
    lines.push_back(fmt::format("trouble {} {} {} {}", pair.client_trouble.retransmits,
                                pair.client_trouble.out_of_order, pair.client_trouble.zero_windows,
                                pair.client_trouble.resets));
    lines.push_back(
        fmt::format("handshakes {} sum {}", pair.handshake.counts.size(), pair.handshake.sum));
  }
  for (const auto& [what, count] : decode_lost(reply.lost()))
    lines.push_back(fmt::format("lost {} {}", what, count));
  return lines;
}

/// Each change as it is written again: what was not understood is not there.
Lines names_text(const std::string& bytes) {
  Lines lines;
  v1::NamesReply reply;
  if (!read(lines, reply, bytes)) return lines;
  lines.push_back(fmt::format("run {} anew {} synced {} sequence {} contact {}", reply.run_id(),
                              reply.anew(), reply.synced(), reply.sequence(),
                              reply.last_contact()));
  for (const v1::NameChange& message : reply.changes()) {
    const auto change = decode_change(message);
    if (!change) {
      lines.push_back("refused: " + change.error().message);
      continue;
    }
    v1::NameChange again;
    encode_change(*change, again);
    add_fields(lines, again);
  }
  return lines;
}

}  // namespace

std::vector<std::string> golden_text(std::string_view name, const std::string& bytes) {
  if (name == "hello_request") return fields_of<v1::HelloRequest>(bytes);
  if (name == "hello_reply") return fields_of<v1::HelloReply>(bytes);
  if (name == "query_request") return fields_of<v1::QueryRequest>(bytes);
  if (name == "live_request") return fields_of<v1::LiveRequest>(bytes);
  if (name == "page_request") return fields_of<v1::PageRequest>(bytes);
  if (name == "page_reply") return fields_of<v1::PageReply>(bytes);
  if (name == "names_request") return fields_of<v1::NamesRequest>(bytes);
  if (name.starts_with("query_")) return query_text(bytes);
  if (name.starts_with("live_")) return live_text(bytes);
  if (name == "sums_reply") return sums_text(bytes);
  if (name == "names_reply") return names_text(bytes);
  return {"refused: a message of a name that nobody reads"};
}

}  // namespace netprobe::testing
