// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>
#include <variant>

#include "store/duckdb/raw_layout.h"

namespace netprobe::duck {
namespace {

// Far beyond what is_full() of a Dictionary lets be written: a file that has such
// numbers is not ours, and they mean nothing.
constexpr std::uint32_t kMostNumbers = 2'000'000;

// Of the one library: a function is called with a handle that nothing else explains.
std::atomic<void* (*)(FunctionInfo)> extra_info_of = nullptr;

std::string_view column_name(std::size_t column) {
  return column == 0 ? word_columns()[1].name : identity_columns()[column].name;
}

std::size_t bytes_of(const NameLists& lists) {
  std::size_t bytes = 0;
  for (const NameListPtr& list : lists) bytes += list ? list->bytes() : 0;
  return bytes;
}

}  // namespace

std::string name_function(std::size_t column) {
  return fmt::format("netprobe_{}", column_name(column));
}

Names::Use::Use(Use&& other) noexcept
    : names_(std::exchange(other.names_, nullptr)), number_(other.number_) {}

Names::Use& Names::Use::operator=(Use&& other) noexcept {
  if (this != &other) {
    end();
    names_ = std::exchange(other.names_, nullptr);
    number_ = other.number_;
  }
  return *this;
}

void Names::Use::end() {
  if (names_ != nullptr) names_->end(number_);
  names_ = nullptr;
}

Status Names::make_functions(Session& session) {
  api_ = &session.api();
  extra_info_of = api_->scalar_function_get_extra_info;
  among_ = {.names = this};
  Status result = make_function(session, kAmongFunction, Type::kBoolean, look_among, among_);
  for (std::size_t column = 0; column < kNameColumns && result; ++column) {
    functions_.at(column) = {.names = this, .column = column};
    result = make_function(session, name_function(column), Type::kVarchar, look_up,
                           functions_.at(column));
  }
  return result;
}

Status Names::make_function(Session& session, const std::string& name, Type result,
                            ScalarFunctionBody body, Function& function) const {
  LogicalType use = api_->create_logical_type(Type::kUBigint);
  LogicalType number = api_->create_logical_type(Type::kUInteger);
  LogicalType type = api_->create_logical_type(result);
  ScalarFunction made = api_->create_scalar_function();
  api_->scalar_function_set_name(made, name.c_str());
  api_->scalar_function_add_parameter(made, use);
  api_->scalar_function_add_parameter(made, number);
  api_->scalar_function_set_return_type(made, type);
  api_->scalar_function_set_extra_info(made, &function, nullptr);
  api_->scalar_function_set_function(made, body);
  const State taken = api_->register_scalar_function(session.handle(), made);
  api_->destroy_scalar_function(&made);
  for (LogicalType* of : {&use, &number, &type}) api_->destroy_logical_type(of);
  if (taken != kSuccess) return fail(fmt::format("DuckDB does not take the function {}", name));
  return {};
}

// Called by the library, for some thousand rows of one file at a time.
void Names::look_up(FunctionInfo info, DataChunk arguments, Vector result) {
  const auto& [names, column] = *static_cast<const Function*>(extra_info_of.load()(info));
  const Api& api = *names->api_;
  const idx_t rows = api.data_chunk_get_size(arguments);
  if (rows == 0) return;
  const auto* uses = static_cast<const std::uint64_t*>(
      api.vector_get_data(api.data_chunk_get_vector(arguments, 0)));
  const auto* numbers = static_cast<const std::uint32_t*>(
      api.vector_get_data(api.data_chunk_get_vector(arguments, 1)));
  auto* texts = static_cast<Text*>(api.vector_get_data(result));
  const NameList* list = names->list(uses[0], column);
  for (idx_t row = 0; row < rows; ++row) texts[row] = list ? list->at(numbers[row]) : Text{};
}

void Names::look_among(FunctionInfo info, DataChunk arguments, Vector result) {
  const Names& names = *static_cast<const Function*>(extra_info_of.load()(info))->names;
  const Api& api = *names.api_;
  const idx_t rows = api.data_chunk_get_size(arguments);
  if (rows == 0) return;
  const auto* uses = static_cast<const std::uint64_t*>(
      api.vector_get_data(api.data_chunk_get_vector(arguments, 0)));
  const auto* asked = static_cast<const std::uint32_t*>(
      api.vector_get_data(api.data_chunk_get_vector(arguments, 1)));
  auto* answers = static_cast<bool*>(api.vector_get_data(result));
  const std::vector<bool>* numbers = names.numbers(uses[0]);
  for (idx_t row = 0; row < rows; ++row) {
    const std::uint32_t number = asked[row];
    answers[row] = numbers != nullptr && (*numbers)[number < numbers->size() ? number : 0];
  }
}

const std::vector<bool>* Names::numbers(std::uint64_t use) const {
  const MutexLock lock(mutex_);
  const auto found = numbers_.find(use);
  return found == numbers_.end() || found->second.empty() ? nullptr : &found->second;
}

const NameList* Names::list(std::uint64_t use, std::size_t column) const {
  const MutexLock lock(mutex_);
  const auto found = uses_.find(use);
  return found == uses_.end() ? nullptr : found->second.at(column).get();
}

Result<NameLists> Names::lists(Session& session, const File& file, NameColumns columns) {
  NameLists lists = known(file);
  if (file.writing)
    if (auto done = check(session, file, lists); !done) return std::unexpected(done.error());
  NameColumns missing = columns;
  for (std::size_t i = 0; i < kNameColumns; ++i)
    if (lists.at(i)) missing.reset(i);
  if (missing.any())
    if (auto done = read(session, file, missing, lists); !done)
      return std::unexpected(done.error());
  const MutexLock lock(mutex_);
  keep(file, lists);
  return lists;
}

Result<Names::Use> Names::use(Session& session, const File& file, NameColumns columns) {
  auto lists = this->lists(session, file, columns);
  if (!lists) return std::unexpected(lists.error());
  const MutexLock lock(mutex_);
  std::size_t bytes = 0;
  for (const auto& [number, used] : uses_) bytes += bytes_of(used);
  if (bytes + bytes_of(*lists) > most_)
    return fail("names of so many files take too much memory", ErrorKind::kNoPermission);
  const std::uint64_t number = ++ever_;
  uses_.try_emplace(number, std::move(*lists));
  return Use(*this, number);
}

Names::Use Names::use(std::vector<bool> numbers) {
  const MutexLock lock(mutex_);
  const std::uint64_t number = ++ever_;
  numbers_.try_emplace(number, std::move(numbers));
  return Use(*this, number);
}

void Names::end(std::uint64_t use) {
  const MutexLock lock(mutex_);
  uses_.erase(use);
  numbers_.erase(use);
}

void Names::forget(std::uint64_t sequence) {
  const MutexLock lock(mutex_);
  known_.erase(sequence);
}

void Names::forget() {
  const MutexLock lock(mutex_);
  known_.clear();
}

NameLists Names::known(const File& file) {
  const MutexLock lock(mutex_);
  const auto found = known_.find(file.sequence);
  if (found == known_.end()) return {};
  // What was read while it was written to may lack the end.
  return found->second.whole || file.writing ? found->second.lists : NameLists{};
}

Status Names::check(Session& session, const File& file, NameLists& lists) {
  const auto fresh = [&](std::string_view table, std::span<NameListPtr> of) -> Status {
    if (std::ranges::all_of(of, [](const NameListPtr& list) { return list == nullptr; })) return {};
    const auto rows =
        session.value(fmt::format("SELECT count(*) FROM {}.main.{}", file.database, table));
    if (!rows) return std::unexpected(rows.error());
    for (NameListPtr& list : of)
      if (list && std::cmp_not_equal(list->size(), std::get<std::int64_t>(*rows))) list.reset();
    return {};
  };
  const std::span<NameListPtr> all(lists);
  auto done = fresh(kWordsTable, all.first(1));
  return done ? fresh(kIdentitiesTable, all.subspan(1)) : done;
}

Status Names::read(Session& session, const File& file, NameColumns columns, NameLists& lists) {
  const auto from = [&](std::string_view table, NameColumns wanted) -> Status {
    if (wanted.none()) return {};
    std::string sql = "SELECT id";
    std::vector<std::shared_ptr<NameList>> read;
    for (std::size_t i = 0; i < kNameColumns; ++i) {
      if (!wanted.test(i)) continue;
      sql += fmt::format(", \"{}\"", column_name(i));
      read.push_back(std::make_shared<NameList>());
    }
    auto rows = session.query(
        fmt::format("{} FROM {}.main.{} WHERE id < {}", sql, file.database, table, kMostNumbers));
    if (!rows) return std::unexpected(rows.error());
    while (rows->next()) {
      for (std::size_t row = 0; row < rows->size(); ++row) {
        const auto number =
            static_cast<std::uint32_t>(std::get<std::uint64_t>(rows->value(0, row)));
        for (std::size_t i = 0; i < read.size(); ++i)
          read[i]->add(number, std::get<std::string>(rows->value(i + 1, row)));
      }
    }
    std::size_t next = 0;
    for (std::size_t i = 0; i < kNameColumns; ++i) {
      if (!wanted.test(i)) continue;
      read[next]->finish();
      lists.at(i) = std::move(read[next++]);
    }
    return {};
  };
  NameColumns words;
  words.set(0);
  auto done = from(kWordsTable, columns & words);
  return done ? from(kIdentitiesTable, columns & ~words) : done;
}

void Names::keep(const File& file, const NameLists& lists) {
  Known& known = known_[file.sequence];
  if (!file.writing && !known.whole) known = {};
  known.whole = known.whole || !file.writing;
  known.used = ++ever_;
  if (!file.writing || !known.whole)
    for (std::size_t i = 0; i < kNameColumns; ++i)
      if (lists.at(i)) known.lists.at(i) = lists.at(i);
  for (;;) {
    std::size_t bytes = 0;
    auto oldest = known_.begin();
    for (auto at = known_.begin(); at != known_.end(); ++at) {
      bytes += bytes_of(at->second.lists);
      if (at->second.used < oldest->second.used) oldest = at;
    }
    if (bytes <= most_ / 4) return;
    known_.erase(oldest);
  }
}

}  // namespace netprobe::duck
