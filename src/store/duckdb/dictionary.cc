// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/dictionary.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>

#include "query/record.h"
#include "store/duckdb/appender.h"
#include "store/duckdb/raw_layout.h"

namespace netprobe::duck {
namespace {

// Beside a text's own bytes, about: a node of the map, its place in the table.
constexpr std::size_t kTextBytes = 96;
constexpr std::size_t kIdentityBytes = 80;
// 5,000 pods with names and labels of their own take 2 MiB.
constexpr std::size_t kMostBytes = 8U << 20U;
// Numbers below it are looked up in an array when they are joined.
constexpr std::size_t kMostNumbers = 500'000;

}  // namespace

std::size_t Dictionary::ContentHash::operator()(const Content& content) const {
  std::uint64_t hash = 0;
  for (const std::uint32_t number : content)
    hash = (hash ^ number) * 0x9e3779b97f4a7c15U + (hash >> 29U);
  return hash;
}

void Dictionary::clear() {
  words_.clear();
  names_.clear();
  identities_.clear();
  bytes_ = 0;
  next_word_ = next_identity_ = 1;
  words_.try_emplace(std::string(), 0);
  names_.try_emplace(std::string(), 0);
  identities_.try_emplace(Content{}, 0);
  new_words_.clear();
  new_identities_.clear();
  seen_identities_.clear();
  seen_words_ = {};
}

Status Dictionary::load(Session& session, const std::string& database) {
  clear();
  auto words = session.query(
      fmt::format("SELECT id::UBIGINT, word FROM {}.main.{} WHERE id > 0", database, kWordsTable));
  if (!words) return std::unexpected(words.error());
  while (words->next()) {
    for (std::size_t row = 0; row < words->size(); ++row) {
      auto word = std::get<std::string>(words->value(1, row));
      const auto number = static_cast<std::uint32_t>(std::get<std::uint64_t>(words->value(0, row)));
      bytes_ += word.size() + kTextBytes;
      // Two that were mended may be the same now.
      words_.try_emplace(std::move(word), number);
      next_word_ = std::max(next_word_, number + 1);
    }
  }
  auto identities = session.query(
      fmt::format("SELECT * FROM {}.main.{} WHERE id > 0", database, kIdentitiesTable));
  if (!identities) return std::unexpected(identities.error());
  while (identities->next()) {
    for (std::size_t row = 0; row < identities->size(); ++row) {
      Content content{};
      for (std::size_t i = 0; i < content.size(); ++i)
        content.at(i) = name(std::get<std::string>(identities->value(i + 1, row)));
      const auto number =
          static_cast<std::uint32_t>(std::get<std::uint64_t>(identities->value(0, row)));
      bytes_ += kIdentityBytes;
      identities_.try_emplace(content, number);
      next_identity_ = std::max(next_identity_, number + 1);
    }
  }
  return {};
}

std::uint32_t Dictionary::word(std::string_view word) {
  if (word.empty()) return 0;
  // Most are the program's own, or of what many records share.
  const auto address = reinterpret_cast<std::uintptr_t>(word.data());
  Seen& seen = seen_words_.at((address ^ address >> 4U ^ address >> 10U) % seen_words_.size());
  if (seen.data == word.data() && seen.size == word.size()) return seen.number;
  auto found = words_.find(word);
  if (found == words_.end()) {
    found = words_.try_emplace(std::string(word), next_word_++).first;
    bytes_ += word.size() + kTextBytes;
    new_words_.push_back(&*found);
  }
  seen = {.data = word.data(), .size = word.size(), .number = found->second};
  return found->second;
}

std::uint32_t Dictionary::name(std::string_view name) {
  const auto found = names_.find(name);
  if (found != names_.end()) return found->second;
  bytes_ += name.size() + kTextBytes;
  return names_.try_emplace(std::string(name), static_cast<std::uint32_t>(names_.size()))
      .first->second;
}

std::uint32_t Dictionary::identity(const Identity* identity) {
  if (identity == nullptr) return 0;
  const auto [seen, is_new] = seen_identities_.try_emplace(identity);
  if (!is_new) return seen->second;
  const EndNames names = end_names(identity);
  const Content content{name(names.kind),     name(names.name),           name(names.name_space),
                        name(names.workload), name(names.workload_kind),  name(names.node),
                        name(names.zone),     name(labels_text(identity))};
  const auto [found, added] = identities_.try_emplace(content, next_identity_);
  if (added) {
    ++next_identity_;
    bytes_ += kIdentityBytes;
    new_identities_.emplace_back(found->second, identity);
  }
  return seen->second = found->second;
}

Status Dictionary::append_new(Session& session, const std::string& database) {
  seen_words_ = {};
  seen_identities_.clear();
  if (!new_words_.empty()) {
    auto table = TableAppender::open(session, database, kWordsTable, word_columns());
    if (!table) return std::unexpected(table.error());
    for (const auto* word : new_words_) {
      (*table)->unsigned_(word->second);
      (*table)->text(word->first);
      if (auto done = (*table)->finish_row(); !done) return done;
    }
    if (auto done = (*table)->close(); !done) return done;
    new_words_.clear();
  }
  if (new_identities_.empty()) return {};
  auto table = TableAppender::open(session, database, kIdentitiesTable, identity_columns());
  if (!table) return std::unexpected(table.error());
  for (const auto& [number, identity] : new_identities_) {
    const EndNames names = end_names(identity);
    (*table)->unsigned_(number);
    for (const std::string_view text : {names.kind, names.name, names.name_space, names.workload,
                                        names.workload_kind, names.node, names.zone})
      (*table)->text(text);
    (*table)->labels(identity);
    if (auto done = (*table)->finish_row(); !done) return done;
  }
  new_identities_.clear();
  return (*table)->close();
}

bool Dictionary::is_full() const {
  return bytes_ >= kMostBytes || next_word_ >= kMostNumbers || next_identity_ >= kMostNumbers;
}

}  // namespace netprobe::duck
