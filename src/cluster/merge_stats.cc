// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "cluster/merge_lists.h"

namespace netprobe {
namespace {

constexpr std::string_view kMatrix = "node_traffic_matrix";
/// Objects inside objects, and names in all of them: an agent can make up any.
constexpr int kMostDepth = 4;
constexpr std::size_t kMostNames = 100'000;

/// Numbers by name, added up.
struct Sums {
  std::uint64_t whole = 0;
  double real = 0;
  bool is_real = false;
  bool is_object = false;
  std::map<std::string, Sums, std::less<>> members;  ///< of an object
};

/// One cell as the two nodes of it tell it.
struct Cell {
  std::optional<std::uint64_t> by_sender;
  std::optional<std::uint64_t> by_receiver;
  std::uint64_t by_others = 0;
  [[nodiscard]] std::uint64_t bytes() const {
    return by_sender ? *by_sender : by_receiver ? *by_receiver : by_others;
  }
};

class Stats {
 public:
  explicit Stats(const Roster& roster) : completeness_(roster) {}

  void add(const AgentPage& page) {
    if (!page.problem.empty()) return completeness_.failed(page);
    const auto object = parse_page(parser_, page.answer.body);
    if (!object) {
      AgentPage failed = page;
      failed.problem = "what it sent is no such page";
      return completeness_.failed(failed);
    }
    completeness_.answered(*object);
    if (!nodes_.empty()) nodes_ += ',';
    nodes_ += "{\"node\":";
    append_json_string(nodes_, page.from.name());
    for (const auto& [key, value] : *object) {
      if (key == "completeness" || key == "kubernetes" || key == "node_name") continue;
      if (key == kMatrix) {
        add_matrix(value, page.from.name());
      } else if (value.is_string()) {
        nodes_ += ',';
        append_json_string(nodes_, key);
        nodes_ += ':';
        nodes_ += simdjson::minify(value);
      } else {
        add(sums_, key, value, 0);
      }
    }
    nodes_ += '}';
  }

  [[nodiscard]] std::string text() const {
    std::string out;
    JsonObject json(out);
    append_members(json, out, sums_);
    json.key(kMatrix);
    JsonObject rows(out);
    for (const auto& [from, row] : matrix_) {
      rows.foreign_key(from);
      JsonObject cells(out);
      for (const auto& [to, cell] : row) {
        cells.foreign_key(to);
        out += std::to_string(cell.bytes());
      }
      cells.close();
    }
    rows.close();
    json.key("nodes");
    out += '[' + nodes_ + ']';
    completeness_.append(json, out);
    json.close();
    return out;
  }

 private:
  void add(Sums& to, std::string_view key, simdjson::dom::element value, int depth) {
    const bool object = value.is_object();
    if (depth >= kMostDepth || (!object && !value.is_number())) return;
    auto found = to.members.find(key);
    if (found == to.members.end()) {
      if (++names_ > kMostNames) return;
      found = to.members.emplace(std::string(key), Sums{}).first;
    }
    Sums& sums = found->second;
    std::uint64_t whole = 0;
    double real = 0;
    if (object) {
      sums.is_object = true;
      for (const auto& [name, inner] : simdjson::dom::object(value))
        add(sums, name, inner, depth + 1);
    } else if (value.get(whole) == simdjson::SUCCESS) {
      sums.whole += whole;
      sums.real += static_cast<double>(whole);
    } else if (value.get(real) == simdjson::SUCCESS) {
      sums.is_real = true;
      sums.real += real;
    }
  }

  void add_matrix(simdjson::dom::element value, const std::string& node) {
    simdjson::dom::object rows;
    if (value.get(rows) != simdjson::SUCCESS) return;
    for (const auto& [from, row] : rows) {
      simdjson::dom::object cells;
      if (row.get(cells) != simdjson::SUCCESS) continue;
      for (const auto& [to, each] : cells) {
        std::uint64_t bytes = 0;
        if (each.get(bytes) != simdjson::SUCCESS || ++names_ > kMostNames) continue;
        Cell& cell = matrix_[std::string(from)][std::string(to)];
        if (from == node)
          cell.by_sender = cell.by_sender.value_or(0) + bytes;
        else if (to == node)
          cell.by_receiver = cell.by_receiver.value_or(0) + bytes;
        else
          cell.by_others += bytes;
      }
    }
  }

  static void append_members(JsonObject& json, std::string& out, const Sums& sums) {
    for (const auto& [name, each] : sums.members) {
      json.foreign_key(name);
      if (each.is_object) {
        JsonObject inner(out);
        append_members(inner, out, each);
        inner.close();
      } else if (each.is_real) {
        std::string number;
        JsonObject one(number);
        one.real("", each.real);
        out += number.substr(number.find(':') + 1);
      } else {
        out += std::to_string(each.whole);
      }
    }
  }

  simdjson::dom::parser parser_;
  PageCompleteness completeness_;
  Sums sums_;
  std::map<std::string, std::map<std::string, Cell, std::less<>>, std::less<>> matrix_;
  std::string nodes_;
  std::size_t names_ = 0;
};

}  // namespace

std::string merge_stats(std::vector<AgentPage> pages, const Roster& roster) {
  Stats stats(roster);
  for (AgentPage& page : pages) {
    stats.add(page);
    page.answer.body = {};
  }
  return stats.text();
}

}  // namespace netprobe
