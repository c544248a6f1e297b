// SPDX-License-Identifier: Apache-2.0
// Conditions on names, over raw files: they are asked of a file's dictionary, once, and
// its rows are then looked for by number. That is what the library's scans do best: of
// a block without such a number they read no other column.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "query/query.h"
#include "query/text_test.h"
#include "store/duckdb/names.h"
#include "store/duckdb/raw_layout.h"

namespace netprobe::duck {

/// A query's filter in two: what can be told from a row's numbers, and the rest, which
/// is for the statement around the rows. Both together are the filter.
class RawFilter {
 public:
  /// A null filter: nothing, and no rest.
  RawFilter(const ExprPtr& filter, RecordKind kind);

  /// Null: nothing is left.
  [[nodiscard]] const ExprPtr& rest() const { return rest_; }
  /// Nothing can be told by number.
  [[nodiscard]] bool empty() const { return told_ == nullptr; }
  /// Of the dictionaries, that it is asked of.
  [[nodiscard]] NameColumns columns() const { return columns_; }

  /// For rows of table_columns() or rollup_columns(), which have names. Empty: all.
  [[nodiscard]] std::string of_names() const;
  /// For the kind's table of a raw file whose dictionaries have `lists`, of columns();
  /// nothing: none of its rows is meant. Empty: all. What it needs of `names` is added to
  /// `uses`.
  [[nodiscard]] std::optional<std::string> of_numbers(const NameLists& lists, Names& names,
                                                      std::vector<Names::Use>& uses) const;

 private:
  /// A condition that was printed; `always`, where that can be told, in its place.
  struct Part {
    std::string sql;
    std::optional<bool> always;
  };
  struct Dictionary {
    const NameLists& lists;
    Names& names;
    std::vector<Names::Use>& uses;
  };

  [[nodiscard]] static std::optional<NamePlace> place(RecordKind kind, const FieldRef& field);
  /// Has a name, and nothing that a row's numbers do not tell.
  [[nodiscard]] bool is_told(const Expr& expr, bool& has_name) const;
  /// The column that has the numbers of all that it asks for; empty: several, or none.
  [[nodiscard]] std::string_view number_column(const Expr& expr) const;
  /// The same, with what is asked of one column in one part.
  [[nodiscard]] ExprPtr by_column(const ExprPtr& expr) const;
  void prepare(const Expr& expr);

  [[nodiscard]] Part print(const ExprPtr& expr, const Dictionary& dictionary) const;
  [[nodiscard]] Part print(const std::vector<ExprPtr>& parts, bool all,
                           const Dictionary& dictionary) const;
  /// By number, whether it holds.
  [[nodiscard]] std::vector<bool> numbers(const Expr& expr, const NameLists& lists) const;
  [[nodiscard]] std::vector<bool> numbers(const Expr::Compare& compare,
                                          const NameLists& lists) const;

  RecordKind kind_;
  ExprPtr rest_;
  ExprPtr told_;
  NameColumns columns_;
  std::map<const Expr::Compare*, TextTest> tests_;
};

}  // namespace netprobe::duck
