// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/history.h"
#include "store/duckdb/database.h"

namespace netprobe::duck {

/// Numbers for the words and identities of one raw file: the same for the same
/// content, and the same as long as the file is written to. Of one thread.
class Dictionary {
 public:
  Dictionary() { clear(); }

  /// Only what every file has: 0 is "" and nobody.
  void clear();
  /// Reads what is in a file, and knows nothing else afterwards: after a failure too,
  /// when what was new may be in the file or not.
  [[nodiscard]] Status load(Session& session, const std::string& database);

  /// The number of a text. It must stay until append_new().
  [[nodiscard]] std::uint32_t word(std::string_view word);
  /// Null is 0. It must stay until append_new().
  [[nodiscard]] std::uint32_t identity(const Identity* identity);

  /// Writes what is new into the session's transaction. What was seen may go away then.
  [[nodiscard]] Status append_new(Session& session, const std::string& database);

  /// It takes enough memory: the file is closed then, and the next one begins anew.
  [[nodiscard]] bool is_full() const;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Texts = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;
  /// Numbers of its names, labels and all, in names_.
  using Content = std::array<std::uint32_t, 8>;
  struct ContentHash {
    std::size_t operator()(const Content& content) const;
  };
  /// A text that was seen at an address, which is nobody else's meanwhile.
  struct Seen {
    const char* data = nullptr;
    std::size_t size = 0;
    std::uint32_t number = 0;
  };

  [[nodiscard]] std::uint32_t name(std::string_view name);
  [[nodiscard]] std::uint32_t number_of(const Content& content, const Identity* identity);

  Texts words_;
  Texts names_;  ///< that identities are compared by; in no file
  std::unordered_map<Content, std::uint32_t, ContentHash> identities_;
  std::uint32_t next_word_ = 1;
  std::uint32_t next_identity_ = 1;
  std::size_t bytes_ = 0;
  std::vector<const Texts::value_type*> new_words_;
  std::vector<std::pair<std::uint32_t, const Identity*>> new_identities_;
  std::unordered_map<const Identity*, std::uint32_t> seen_identities_;
  std::array<Seen, 64> seen_words_{};
};

}  // namespace netprobe::duck
