// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/condition.h"
#include "query/field_names.h"
#include "query/lexer.h"
#include "query/query.h"

namespace netprobe {

struct AggregateWord {
  AggregateOp op{};
  double quantile = 0;  ///< of "p99"; 0 where it stands behind the word
};

/// Reads one text once, from left to right. The first error ends it: from then
/// on every step returns at once. Recursion is bounded by kMaxQueryDepth. Part of
/// parse_query() and completions(), for nobody else.
class QueryParser {
 public:
  struct Options {
    bool pipe = true;                ///< stages are taken
    bool completing = false;         ///< the end of the text is where words are asked for
    std::optional<RecordKind> kind;  ///< known from an earlier reading
  };
  QueryParser(std::string_view text, Nanos now, const Options& options);

  /// False: see error().
  [[nodiscard]] bool parse();
  [[nodiscard]] const QueryError& error() const { return *error_; }
  [[nodiscard]] Query take() { return std::move(query_); }
  /// Bare names were taken to mean what they mean of flows, and it is another
  /// kind in the end: to be read again, with that kind.
  [[nodiscard]] bool guessed_wrong() const { return guessed_ && query_.kind != RecordKind::kFlow; }

 private:
  /// A field where the query names it.
  struct Use {
    std::uint8_t kinds = 0;
    std::string name;
    std::size_t column = 0;
    std::size_t length = 0;
  };

  // Tokens, errors, kinds: parser.cc.
  void advance();
  [[nodiscard]] Token peek() const;
  bool fail(std::size_t column, std::size_t length, std::string message,
            std::vector<std::string> expected = {});
  bool fail(const Token& at, std::string message, std::vector<std::string> expected = {});
  /// At the token that stands next: `what` was expected there.
  bool fail_expecting(std::string_view what, std::vector<std::string> expected = {});
  [[nodiscard]] bool failed() const { return error_.has_value(); }
  void parse_kind();
  bool settle_kind();
  bool note_use(const NamedField& name, const Token& at);
  /// The word that stands next, as a field or bare name.
  std::optional<NamedField> take_field();
  bool fail_unknown(const Token& at);
  [[nodiscard]] std::vector<std::string> field_words(bool bare) const;
  [[nodiscard]] std::string described(const Token& token) const;

  // The filter: parse_filter.cc, parse_term.cc.
  [[nodiscard]] bool begins_condition() const;
  ExprPtr parse_or();
  ExprPtr parse_and();
  ExprPtr parse_not();
  ExprPtr parse_parenthesis();
  ExprPtr parse_term();
  bool enter();
  ExprPtr finish_term(const NamedField& name, const Token& at);
  bool take_operand(const NamedField& name, std::vector<Operand>& operands,
                    std::vector<Token>& tokens);
  bool take_list(const NamedField& name, std::vector<Operand>& operands,
                 std::vector<Token>& tokens);
  ExprPtr conditions_of(const NamedField& name, Token::Kind op, const Token& at,
                        const std::vector<Operand>& operands, const std::vector<Token>& tokens);
  bool fail_operand(const Refusal& refusal, const Token& at);

  // Stages: parse_pipe.cc, parse_aggregate.cc.
  /// `begun`: the first one stands without its '|'.
  bool parse_stages(bool begun);
  bool parse_stage();
  bool parse_range(const Token& stage);
  bool fail_unknown_stage(const Token& stage);
  bool parse_aggregates();
  bool parse_top();
  bool parse_histogram();
  bool parse_new();
  bool parse_groups();
  bool parse_by();
  bool parse_every();
  bool parse_order();
  bool parse_order_column();
  bool parse_limit();
  bool parse_select();
  bool begin_sums(const Token& stage);
  std::optional<std::size_t> take_number(std::size_t most);
  std::optional<Micros> take_duration();
  std::optional<Micros> take_time();
  std::optional<FieldRef> take_single_field(std::string_view use);
  bool take_fields(std::vector<FieldRef>& into, std::string_view use);
  std::optional<Aggregate> take_aggregate(const Aggregate* like);
  std::optional<Aggregate> aggregate_of(AggregateOp op, double quantile, const Token& at);
  bool add_aggregate(Aggregate aggregate, const Token& at);
  bool add_waiting(std::vector<std::pair<Token, AggregateWord>>& waiting, const Aggregate& of);
  [[nodiscard]] std::optional<std::string> find_column(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> columns() const;

  std::string_view text_;
  Nanos now_;
  Options options_;
  Lexer lexer_;
  Token token_;
  std::optional<QueryError> error_;
  Query query_;
  bool kind_given_ = false;
  bool guessed_ = false;
  std::uint8_t kinds_ = 0;  ///< that all fields so far have; bits
  std::vector<Use> uses_;   ///< those that narrowed it
  std::size_t depth_ = 0;
  std::size_t terms_ = 0;
  std::size_t patterns_ = 0;
  bool sums_ = false;     ///< a stage that sums up was there
  bool ordered_ = false;  ///< … one that orders, limits or selects
};

/// Words of aggregates and stages, in the order in which they are shown.
[[nodiscard]] std::vector<std::string> aggregate_words();
[[nodiscard]] std::vector<std::string> stage_words();
[[nodiscard]] bool is_stage_word(const Token& token);
/// A word that only a stage can begin with.
[[nodiscard]] bool begins_stage(const Token& token);
[[nodiscard]] std::optional<AggregateWord> aggregate_word(std::string_view text);
/// "p99", "p99.9": as aggregate_word() takes it.
[[nodiscard]] std::string percentile_word(double quantile);
/// "sum_bytes", "p99_rtt".
[[nodiscard]] std::string aggregate_name(AggregateOp op, const FieldRef& ref, double quantile);
[[nodiscard]] std::string_view to_string(AggregateOp op);
/// "flows", "flow", "dropped", …
[[nodiscard]] std::optional<RecordKind> parse_record_kind(const Token& token);
/// "drops", "flows and connections": of bits.
[[nodiscard]] std::string kinds_text(std::uint8_t kinds);

}  // namespace netprobe
