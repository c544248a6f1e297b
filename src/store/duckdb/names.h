// SPDX-License-Identifier: Apache-2.0
// From numbers of raw files to names, in statements: functions of our own that look into
// the file's dictionary in memory. A join with each file's dictionary had a hash table of
// each in the buffers, and more than they hold for a day's files.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "query/schema.h"
#include "store/duckdb/database.h"
#include "store/duckdb/name_list.h"

namespace netprobe::duck {

/// Columns of the dictionaries: words, and behind them what is known of an end.
inline constexpr std::size_t kNameColumns = 9;
using NameColumns = std::bitset<kNameColumns>;

/// The function that has a column's text of `number`: "netprobe_zone(file, number)".
[[nodiscard]] std::string name_function(std::size_t column);
/// The function that says whether a number is among some: "netprobe_among(some, number)".
inline constexpr const char* kAmongFunction = "netprobe_among";

/// The dictionaries of a file, as far as they were asked for; of others null.
using NameLists = std::array<NameListPtr, kNameColumns>;

/// Dictionaries of raw files in memory. Thread-safe.
class Names {
 public:
  /// What a file's numbers mean to a statement, or numbers that it looks for, as long as
  /// this lives.
  class Use {
   public:
    Use() = default;
    ~Use() { end(); }
    Use(Use&& other) noexcept;
    Use& operator=(Use&& other) noexcept;
    Use(const Use&) = delete;

    /// The first argument of the functions.
    [[nodiscard]] std::uint64_t number() const { return number_; }

   private:
    friend class Names;
    Use(Names& names, std::uint64_t number) : names_(&names), number_(number) {}
    void end();

    Names* names_ = nullptr;
    std::uint64_t number_ = 0;
  };

  /// A raw file, attached as `database`.
  struct File {
    std::uint64_t sequence = 0;
    std::string_view database;
    bool writing = false;  ///< there may be more of its dictionary
  };

  /// `most` bytes are in use at once, and a quarter of that is kept for later.
  explicit Names(std::uint64_t most) : most_(most) {}

  /// Makes the functions known to the session's database, which ends before this.
  [[nodiscard]] Status make_functions(Session& session);
  /// Reads what is not there yet, in the session's transaction: rows that this sees have
  /// no other numbers. kNoPermission: it takes more memory than names may.
  [[nodiscard]] Result<Use> use(Session& session, const File& file, NameColumns columns)
      NETPROBE_EXCLUDES(mutex_);
  /// The same, for who looks into them himself.
  [[nodiscard]] Result<NameLists> lists(Session& session, const File& file, NameColumns columns)
      NETPROBE_EXCLUDES(mutex_);
  /// Numbers that kAmongFunction is asked for; those beyond are as number 0 is.
  [[nodiscard]] Use use(std::vector<bool> numbers) NETPROBE_EXCLUDES(mutex_);
  /// What the file has may have changed.
  void forget(std::uint64_t sequence) NETPROBE_EXCLUDES(mutex_);
  /// Of all files, what nobody uses.
  void forget() NETPROBE_EXCLUDES(mutex_);

 private:
  struct Known {
    NameLists lists;
    bool whole = false;  ///< the file was not written to any more
    std::uint64_t used = 0;
  };
  struct Function {
    Names* names = nullptr;
    std::size_t column = 0;
  };

  [[nodiscard]] Status make_function(Session& session, const std::string& name, Type result,
                                     ScalarFunctionBody body, Function& function) const;
  static void look_up(FunctionInfo info, DataChunk arguments, Vector result);
  static void look_among(FunctionInfo info, DataChunk arguments, Vector result);
  [[nodiscard]] NameLists known(const File& file) NETPROBE_EXCLUDES(mutex_);
  /// Without the lists that the file has more for.
  [[nodiscard]] static Status check(Session& session, const File& file, NameLists& lists);
  [[nodiscard]] static Status read(Session& session, const File& file, NameColumns columns,
                                   NameLists& lists);
  void keep(const File& file, const NameLists& lists) NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] const NameList* list(std::uint64_t use, std::size_t column) const
      NETPROBE_EXCLUDES(mutex_);
  void end(std::uint64_t use) NETPROBE_EXCLUDES(mutex_);

  [[nodiscard]] const std::vector<bool>* numbers(std::uint64_t use) const NETPROBE_EXCLUDES(mutex_);

  const std::uint64_t most_;
  const Api* api_ = nullptr;
  std::array<Function, kNameColumns> functions_{};
  Function among_{};
  mutable Mutex mutex_;
  std::map<std::uint64_t, Known> known_ NETPROBE_GUARDED_BY(mutex_);  ///< by file
  std::map<std::uint64_t, NameLists> uses_ NETPROBE_GUARDED_BY(mutex_);
  std::map<std::uint64_t, std::vector<bool>> numbers_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t ever_ NETPROBE_GUARDED_BY(mutex_) = 0;  ///< uses
};

}  // namespace netprobe::duck
