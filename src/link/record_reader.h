// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "link/table_limits.h"
#include "link/table_reader.h"
#include "model/history.h"
#include "query/field.h"

namespace netprobe {

/// Identities and processes that a stream's records have had before, by all their
/// names: they come again and again. Bounded; one thread.
class KnownNames {
 public:
  /// What `key` is, made where it is not known.
  template <typename Make>
  [[nodiscard]] const IdentityPtr& identity(const std::string& key, const Make& make) {
    return find(identities_, key, make);
  }
  template <typename Make>
  [[nodiscard]] const ProcessPtr& process(const std::string& key, const Make& make) {
    return find(processes_, key, make);
  }
  void clear() {
    identities_.clear();
    processes_.clear();
  }

 private:
  static constexpr std::size_t kMost = 4096;
  template <typename Ptr>
  using Map = boost::unordered_flat_map<std::string, Ptr, std::hash<std::string>>;
  template <typename Ptr, typename Make>
  const Ptr& find(Map<Ptr>& map, const std::string& key, const Make& make) {
    const auto found = map.find(key);
    if (found != map.end()) return found->second;
    if (map.size() >= kMost) map.clear();
    return map.emplace(key, make()).first->second;
  }

  Map<IdentityPtr> identities_;
  Map<ProcessPtr> processes_;
};

/// Makes records of the rows of a table: the inverse of write_record() of
/// query/record.h. What rows have in common they share. One table.
class RecordReader {
 public:
  RecordReader(TableReader table, TextBudget& budget, KnownNames& names, LeftOut& left_out);

  [[nodiscard]] std::size_t rows() const { return table_.rows(); }
  // A record that was just made.
  void read(std::size_t row, FlowRecord& to);
  void read(std::size_t row, DropEvent& to);
  void read(std::size_t row, ConnectionEvent& to);
  void read(std::size_t row, AlertEvent& to);
  /// The texts are more than the budget had; what came behind is empty.
  [[nodiscard]] bool over_budget() const { return over_; }

 private:
  /// kind, name, namespace, workload, its kind, node, zone, labels: positions of texts.
  static constexpr std::size_t kNames = 8;
  using Names = std::array<std::uint32_t, kNames>;
  struct NamesHash {
    std::size_t operator()(const Names& names) const;
  };
  struct Side {
    Names columns{};  ///< where the names stand
    boost::unordered_flat_map<Names, IdentityPtr, NamesHash> identities;
    boost::unordered_flat_map<std::uint64_t, ProcessPtr> processes;  ///< by name and pid
    Names last{UINT32_MAX};                                          ///< as nobody has it
    IdentityPtr last_identity;
  };
  /// What a column's texts are in this program: views of static storage.
  struct Known {
    std::vector<std::string_view> words;
    bool made = false;
  };

  void base(std::size_t row, RecordBase& to);
  [[nodiscard]] IdentityPtr identity(Side& side, const Names& names);
  [[nodiscard]] IdentityPtr make_identity(const Side& side, const Names& names);
  [[nodiscard]] ProcessPtr process(Side& side, std::size_t column, std::uint32_t name,
                                   std::uint32_t pid);
  [[nodiscard]] IdentityPtr service(std::uint32_t name, std::uint32_t name_space);
  [[nodiscard]] std::string_view known(Known& known, FieldId field);
  [[nodiscard]] std::string copy(const std::string& text);
  [[nodiscard]] std::string copied() { return copy(table_.text()); }
  [[nodiscard]] std::uint16_t u16() { return static_cast<std::uint16_t>(table_.unsigned_()); }
  [[nodiscard]] std::uint8_t u8() { return static_cast<std::uint8_t>(table_.unsigned_()); }

  TableReader table_;
  TextBudget& budget_;
  KnownNames& names_;
  LeftOut& left_out_;
  std::string key_;  ///< its memory is used again
  bool over_ = false;
  Side src_;
  Side dst_;
  boost::unordered_flat_map<std::uint64_t, IdentityPtr> services_;
  Known directions_;
  Known verdicts_;
  Known sides_;
  Known roles_;
};

}  // namespace netprobe
