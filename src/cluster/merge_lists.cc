// SPDX-License-Identifier: Apache-2.0
#include "cluster/merge_lists.h"

#include <algorithm>
#include <map>

namespace netprobe {
namespace {

/// Said of all agents together, or by another name.
bool is_own_affair(std::string_view key) {
  return key == "completeness" || key == "kubernetes" || key == "next_cursor" || key == "total" ||
         key == "node_name" || key == "source" || key == "tier";
}

bool is_rows(simdjson::dom::element value) {
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS) return false;
  return std::ranges::all_of(array, [](simdjson::dom::element each) { return each.is_object(); });
}

class Lists {
 public:
  Lists(const Roster& roster, std::string_view list, std::size_t limit,
        const std::optional<PagePlace>& place)
      : completeness_(roster), list_(list), limit_(limit), place_(place) {
    rows_[std::string(list)];
  }

  void add(const AgentPage& page) {
    if (!page.problem.empty()) return completeness_.failed(page);
    const auto object = parse_page(parser_, page.answer.body);
    if (!object || !has_list(*object)) {
      AgentPage failed = page;
      failed.problem = "what it sent is no such page";
      return completeness_.failed(failed);
    }
    completeness_.answered(*object);
    const std::string& node = page.from.name();
    std::uint64_t total = 0;
    // A later page asks no agents of the pages before: it cannot know.
    if (!place_ && (*object)["total"].get(total) == simdjson::SUCCESS) {
      total_ += total;
      has_total_ = true;
    }
    std::string own;
    for (const auto& [key, value] : *object) {
      if (key == list_) {
        add_page(*object, page);
      } else if (is_own_affair(key)) {
        continue;
      } else if (is_rows(value)) {
        if (place_) continue;  // with the first page only
        Rows& rows = rows_[std::string(key)];
        for (const auto& row : simdjson::dom::array(value)) append(rows, row, node);
      } else {
        own += ',';
        append_json_string(own, key);
        own += ':';
        own += simdjson::minify(value);
      }
    }
    bytes_ += own.size();
    if (!nodes_.empty()) nodes_ += ',';
    nodes_ += "{\"node\":";
    append_json_string(nodes_, node);
    nodes_ += own + "}";
  }

  [[nodiscard]] std::string text() const {
    std::string out;
    out.reserve(bytes_ + 4096);
    JsonObject json(out);
    for (const auto& [key, rows] : rows_) {
      json.foreign_key(key);
      out += '[' + rows.text + ']';
    }
    if (has_total_) json.number("total", total_);
    if (next_)
      json.text("next_cursor", format_page_place(*next_));
    else
      json.null("next_cursor");
    if (cut_) json.flag("truncated", true);
    json.key("nodes");
    out += '[' + nodes_ + ']';
    completeness_.append(json, out);
    json.close();
    return out;
  }

 private:
  struct Rows {
    std::string text;
    std::size_t count = 0;
  };

  [[nodiscard]] bool has_list(simdjson::dom::object object) const {
    simdjson::dom::element value;
    return object[list_].get(value) != simdjson::SUCCESS || is_rows(value);
  }

  bool append(Rows& rows, simdjson::dom::element row, const std::string& node) {
    if (bytes_ + rows.text.size() > kMaxMergedBytes) {
      cut_ = true;
      return false;
    }
    if (rows.count++ > 0) rows.text += ',';
    const std::size_t before = rows.text.size();
    append_with_node(rows.text, simdjson::dom::object(row), node);
    bytes_ += rows.text.size() - before;
    return true;
  }

  /// The agent's page of the list, as far as this page has room; where it ends there,
  /// the next one begins.
  void add_page(simdjson::dom::object object, const AgentPage& page) {
    if (next_) return;  // it is the next page's turn
    const AgentState& state = *page.from.state;
    const bool first = place_ && place_->node == state.node && place_->address == state.address;
    PagePlace here{state.node, state.address, 0, first ? place_->cursor : std::string()};
    const std::uint64_t skip = first ? place_->offset : 0;
    const simdjson::dom::array all = object[list_];
    Rows& rows = rows_[std::string(list_)];
    for (const auto& row : all) {
      if (here.offset++ < skip) continue;
      if (rows.count < limit_ && append(rows, row, page.from.name())) continue;
      --here.offset;
      next_ = std::move(here);
      return;
    }
    const std::string_view cursor = text_in(object, "next_cursor");
    if (!cursor.empty()) next_ = PagePlace{state.node, state.address, 0, std::string(cursor)};
  }

  simdjson::dom::parser parser_;
  PageCompleteness completeness_;
  std::string_view list_;
  std::size_t limit_;
  const std::optional<PagePlace>& place_;
  std::map<std::string, Rows, std::less<>> rows_;
  std::string nodes_;
  std::uint64_t total_ = 0;
  bool has_total_ = false;
  bool cut_ = false;
  std::size_t bytes_ = 0;
  std::optional<PagePlace> next_;
};

}  // namespace

std::string merge_lists(std::vector<AgentPage> pages, const Roster& roster, std::string_view list,
                        std::size_t limit, const std::optional<PagePlace>& place) {
  Lists lists(roster, list, limit, place);
  for (AgentPage& page : pages) {
    lists.add(page);
    page.answer.body = {};  // it is merged: no need for both
  }
  return lists.text();
}

}  // namespace netprobe
