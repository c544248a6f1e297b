// SPDX-License-Identifier: Apache-2.0
#include "query/parser.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/ip_address.h"
#include "query/condition_text.h"
#include "query/nearest.h"

namespace netprobe {
namespace {

constexpr std::uint8_t kEveryKind = (1U << kRecordKinds) - 1;
constexpr std::size_t kShownBytes = 60;

struct KindWord {
  std::string_view word;
  RecordKind kind;
};
constexpr std::array kKindWords{
    KindWord{"flows", RecordKind::kFlow},
    KindWord{"drops", RecordKind::kDrop},
    KindWord{"connections", RecordKind::kConnection},
    KindWord{"alerts", RecordKind::kAlert},
    KindWord{"dropped", RecordKind::kDrop},
    KindWord{"flow", RecordKind::kFlow},
    KindWord{"drop", RecordKind::kDrop},
    KindWord{"connection", RecordKind::kConnection},
    KindWord{"alert", RecordKind::kAlert},
};

std::uint8_t bit(RecordKind kind) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
}

}  // namespace

std::optional<RecordKind> parse_record_kind(const Token& token) {
  for (const auto& [word, kind] : kKindWords)
    if (token.is_word(word)) return kind;
  return std::nullopt;
}

std::string kinds_text(std::uint8_t kinds) {
  std::string text;
  int left = std::popcount(kinds);
  for (std::size_t i = 0; i < kRecordKinds; ++i) {
    if ((kinds & (1U << i)) == 0) continue;
    text += to_string(static_cast<RecordKind>(i));
    --left;
    text += left == 0 ? "" : left == 1 ? " and " : ", ";
  }
  return text;
}

QueryParser::QueryParser(std::string_view text, Nanos now, const Options& options)
    : text_(text),
      now_(now),
      options_(options),
      lexer_(text, options.completing),
      kinds_(kEveryKind) {
  if (text.size() > kMaxQueryBytes) {
    fail(kMaxQueryBytes, 0,
         "a query has at most " + std::to_string(kMaxQueryBytes) + " bytes, this one has " +
             std::to_string(text.size()));
    return;
  }
  advance();
}

bool QueryParser::parse() {
  if (failed()) return false;
  if (options_.kind) {
    query_.kind = *options_.kind;
    kinds_ = bit(query_.kind);
  }
  parse_kind();
  // "top 10 src.pod by bytes" asks of everything: who writes no condition needs no
  // '|' either.
  if (options_.pipe && begins_stage(token_)) return parse_stages(true) && settle_kind();
  if (token_.kind != Token::Kind::kPipe && token_.kind != Token::Kind::kEnd)
    query_.filter = parse_or();
  if (failed()) return false;
  if (token_.kind == Token::Kind::kPipe && !options_.pipe)
    return fail(token_, "this is a filter: it has no stages behind a '|'");
  if (token_.kind == Token::Kind::kClose) return fail(token_, "there is a ')' too many");
  if (token_.kind == Token::Kind::kComma)
    return fail(token_, "several values stand in parentheses: FIELD in (a, b)");
  if (token_.kind != Token::Kind::kPipe && token_.kind != Token::Kind::kEnd)
    return fail_expecting("a condition, and, or, or a '|'", {"and", "or", "|"});
  return parse_stages(false) && settle_kind();
}

void QueryParser::advance() {
  token_ = lexer_.next();
  if (token_.kind == Token::Kind::kBad) fail(token_, std::string(lexer_.problem()));
}

Token QueryParser::peek() const { return Lexer(lexer_).next(); }

bool QueryParser::fail(std::size_t column, std::size_t length, std::string message,
                       std::vector<std::string> expected) {
  if (!failed()) error_ = QueryError{column, length, std::move(message), std::move(expected)};
  return false;
}

bool QueryParser::fail(const Token& at, std::string message, std::vector<std::string> expected) {
  return fail(at.column, at.text.size(), std::move(message), std::move(expected));
}

bool QueryParser::fail_expecting(std::string_view what, std::vector<std::string> expected) {
  std::string message(what);
  message += " is expected here";
  if (token_.kind != Token::Kind::kEnd && token_.kind != Token::Kind::kCursor)
    message += ", not " + described(token_);
  return fail(token_, std::move(message), std::move(expected));
}

std::string QueryParser::described(const Token& token) const {
  if (token.kind == Token::Kind::kText) return "a text in quotes";
  std::size_t end = std::min(token.text.size(), kShownBytes);
  while (end < token.text.size() && (static_cast<unsigned char>(token.text[end]) & 0xc0) == 0x80)
    --end;  // whole characters
  return "'" + std::string(token.text.substr(0, end)) + (end < token.text.size() ? "…'" : "'");
}

/// The first word says what is asked for, unless it is a field of that name.
void QueryParser::parse_kind() {
  const auto kind = parse_record_kind(token_);
  if (!kind) return;
  Lexer ahead(lexer_);
  const Token next = ahead.next();
  if (next.is_compare() || next.is_word("in")) return;
  if (next.is_word("not") && ahead.next().is_word("in")) return;
  query_.kind = *kind;
  kind_given_ = true;
  kinds_ = bit(*kind);
  advance();
}

bool QueryParser::settle_kind() {
  if (kind_given_ || options_.kind) return true;
  if ((kinds_ & bit(RecordKind::kFlow)) != 0) {
    query_.kind = RecordKind::kFlow;
    return true;
  }
  if (std::popcount(kinds_) > 1) {
    const Use& use = uses_.back();
    return fail(use.column, use.length,
                "'" + use.name + "' is of " + kinds_text(use.kinds) +
                    ": begin the query with the one that is meant",
                {"drops", "connections", "alerts"});
  }
  query_.kind = static_cast<RecordKind>(std::countr_zero(kinds_));
  return true;
}

bool QueryParser::note_use(const NamedField& name, const Token& at) {
  const std::uint8_t kinds = name.kinds();
  if (!kind_given_ && !options_.kind)
    for (const auto id : name.ids) guessed_ = guessed_ || field(id).kinds != kinds;
  if ((kinds_ & kinds) == kinds_) return true;
  if ((kinds_ & kinds) != 0) {
    kinds_ &= kinds;
    uses_.push_back({kinds, std::string(at.text), at.column, at.text.size()});
    return true;
  }
  const std::string own = "'" + std::string(name.name) + "'";
  if (uses_.empty())
    return fail(at, "field " + own + " is of " + kinds_text(kinds) + "; this query asks for " +
                        kinds_text(kinds_));
  // One that shares no kind with it, or else the one that left the fewest.
  const auto other =
      std::ranges::find_if(uses_, [&](const Use& u) { return (u.kinds & kinds) == 0; });
  const Use& use = other == uses_.end() ? uses_.back() : *other;
  return fail(at, "field " + own + " is of " + kinds_text(kinds) + ", '" + use.name + "' of " +
                      kinds_text(use.kinds) + ": one query asks for one kind");
}

std::vector<std::string> QueryParser::field_words(bool bare) const {
  std::vector<std::string> words;
  if (bare)
    for (const auto& name : bare_names())
      words.emplace_back(std::string(name.name) + (name.name == "label" ? "." : ""));
  for (const auto& each : fields())
    if ((each.kinds & kinds_) != 0)
      words.emplace_back(std::string(each.name) + (each.type == FieldType::kLabel ? "." : ""));
  return words;
}

bool QueryParser::fail_unknown(const Token& at) {
  const std::string word = described(at);
  if (is_stage_word(at))
    return fail(at, word + " begins a stage: write '| " + std::string(at.text) + "'");
  if (parse_record_kind(at))
    return fail(at, word + " says what is asked for: it is the first word of a query");
  if (protocol_of(at.text) > 255 || (protocol_of(at.text) >= 0 && at.text.front() > '9'))
    return fail(at, "unknown field " + word + "; write protocol=" + std::string(at.text));
  if (IpPrefix::parse(at.text))
    return fail(at, "an address needs a field: write ip=" + std::string(at.text));
  const auto colon = at.text.find(':');
  if (colon != std::string_view::npos && find_field(at.text.substr(0, colon)))
    return fail(
        at, "a ':' compares nothing: write " + std::string(at.text.substr(0, colon)) + "=VALUE");
  auto near = nearest_fields(at.text, kinds_);
  if (near.empty()) near = nearest_fields(at.text, kEveryKind);
  std::string hint = did_you_mean(near);
  if (hint.empty()) {
    // What else there is behind the same "src.".
    const auto dot = at.text.find('.');
    if (dot != std::string_view::npos)
      for (const auto& each : fields())
        if (each.name.starts_with(normal_name(at.text.substr(0, dot + 1))))
          near.emplace_back(each.name);
    if (near.empty()) near = {"ip", "port", "protocol", "namespace", "pod", "workload", "bytes"};
    hint = "; there are ";
    for (std::size_t i = 0; i < near.size(); ++i) hint += (i == 0 ? "" : ", ") + near[i];
    hint += " and others (docs/query.md)";
  }
  return fail(at, "unknown field " + word + hint, std::move(near));
}

std::optional<NamedField> QueryParser::take_field() {
  const Token at = token_;
  auto name = find_field(at.text);
  if (!name) {
    fail_unknown(at);
    return std::nullopt;
  }
  if (name->is_label() && !is_label_key(name->label)) {
    fail(at, name->label.empty() ? "which label? Write " + std::string(name->name) +
                                       ".KEY, such as " + std::string(name->name) + ".app"
                                 : "'" + name->label + "' is no label's key");
    return std::nullopt;
  }
  if (!note_use(*name, at)) return std::nullopt;
  advance();
  return name;
}

}  // namespace netprobe
