// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/database.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <chrono>
#include <cstring>
#include <limits>
#include <thread>
#include <utility>

#include "store/duckdb/text.h"

namespace netprobe::duck {
namespace {

// The first line: what follows points into the statement, which says nothing to
// whoever asked in another language.
std::string first_line(const char* text) {
  if (text == nullptr) return "DuckDB does not say why";
  std::string line(text);
  if (const auto end = line.find('\n'); end != std::string::npos) line.resize(end);
  while (line.ends_with('.')) line.pop_back();
  return line;
}

ErrorKind kind_of(ErrorType type) {
  switch (type) {
    case ErrorType::kInterrupt:
      return ErrorKind::kBusy;
    case ErrorType::kOutOfMemory:
      return ErrorKind::kNoPermission;
    default:
      return ErrorKind::kFailed;
  }
}

Value wide_value(Wide value, bool is_signed) {
  if (is_signed && (value.upper >> 63U) != 0) return static_cast<std::int64_t>(value.lower);
  if (value.upper != 0) return std::numeric_limits<std::uint64_t>::max();
  return value.lower;
}

IpAddress address_of(const char* bytes) {
  std::array<std::uint8_t, 16> copy;
  std::memcpy(copy.data(), bytes, copy.size());
  return IpAddress(std::span<const std::uint8_t, 16>(copy));
}

}  // namespace

std::string quote_text(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\0') continue;
    if (c == '\'') result += c;
    result += c;
  }
  result += '\'';
  return result;
}

bool is_fatal(const Error& error) {
  return error.message.find("has been invalidated") != std::string::npos ||
         error.message.find("FATAL") != std::string::npos;
}

Result<std::unique_ptr<Instance>> Instance::open(LibraryPtr library,
                                                 const DatabaseOptions& options) {
  std::unique_ptr<Instance> instance(new Instance(std::move(library)));
  const Api& api = instance->api();
  Config config = nullptr;
  if (api.create_config(&config) != kSuccess) return fail("DuckDB has no memory to start");
  bool taken = true;
  const auto set = [&](const char* name, const std::string& value) {
    taken = taken && api.set_config(config, name, value.c_str()) == kSuccess;
  };
  set("memory_limit", fmt::format("{}B", options.memory_limit));
  set("threads", fmt::format("{}", options.threads));
  set("temp_directory", options.temp_directory);
  if (!options.temp_directory.empty())
    set("max_temp_directory_size", fmt::format("{}B", options.max_temp_bytes));
  // Rows of equal rank come in any order; keeping theirs costs memory.
  set("preserve_insertion_order", "false");
  // History goes to nobody else: nothing is fetched, nothing of it is asked for.
  set("autoinstall_known_extensions", "false");
  set("autoload_known_extensions", "false");
  set("allow_community_extensions", "false");
  // What the allocator holds back is memory all the same.
  set("allocator_flush_threshold", "1MB");
  set("allocator_bulk_deallocation_flush_threshold", "8MB");
  char* error = nullptr;
  const State opened = taken ? api.open_ext(nullptr, &instance->database_, config, &error) : kError;
  api.destroy_config(&config);
  if (opened != kSuccess) {
    const std::string why = error != nullptr ? first_line(error) : "it refuses an option";
    if (error != nullptr) api.free(error);
    return fail(fmt::format("cannot start DuckDB: {}", why));
  }
  return instance;
}

Instance::~Instance() {
  if (database_ != nullptr) api().close(&database_);
}

Rows::~Rows() {
  if (chunk_ != nullptr) api_->destroy_data_chunk(&chunk_);
  api_->destroy_result(&result_);
}

Rows::Rows(Rows&& other) noexcept
    : api_(other.api_),
      result_(std::exchange(other.result_, {})),
      chunk_(std::exchange(other.chunk_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      views_(std::move(other.views_)) {}

Rows& Rows::operator=(Rows&& other) noexcept {
  std::swap(api_, other.api_);
  std::swap(result_, other.result_);
  std::swap(chunk_, other.chunk_);
  std::swap(size_, other.size_);
  std::swap(views_, other.views_);
  return *this;
}

std::size_t Rows::columns() const {
  RawResult result = result_;
  return api_->column_count(&result);
}

std::string Rows::column_name(std::size_t column) const {
  RawResult result = result_;
  const char* name = api_->column_name(&result, column);
  return name != nullptr ? name : "";
}

bool Rows::next() {
  if (chunk_ != nullptr) api_->destroy_data_chunk(&chunk_);
  size_ = 0;
  chunk_ = api_->fetch_chunk(result_);
  if (chunk_ == nullptr) return false;
  size_ = api_->data_chunk_get_size(chunk_);
  views_.resize(columns());
  for (std::size_t column = 0; column < views_.size(); ++column) {
    const Vector vector = api_->data_chunk_get_vector(chunk_, column);
    views_[column] = {.type = api_->column_type(&result_, column),
                      .data = api_->vector_get_data(vector),
                      .validity = api_->vector_get_validity(vector)};
  }
  return size_ > 0;
}

Value Rows::value(std::size_t column, std::size_t row) const {
  const View& view = views_.at(column);
  if (view.validity != nullptr && (view.validity[row / 64] >> (row % 64) & 1U) == 0) return {};
  const auto number = [&]<typename T>(T) { return static_cast<const T*>(view.data)[row]; };
  switch (view.type) {
    case Type::kBoolean:
      return number(bool{});
    case Type::kTinyint:
      return std::int64_t{number(std::int8_t{})};
    case Type::kSmallint:
      return std::int64_t{number(std::int16_t{})};
    case Type::kInteger:
      return std::int64_t{number(std::int32_t{})};
    case Type::kBigint:
      return number(std::int64_t{});
    case Type::kUTinyint:
      return std::uint64_t{number(std::uint8_t{})};
    case Type::kUSmallint:
      return std::uint64_t{number(std::uint16_t{})};
    case Type::kUInteger:
      return std::uint64_t{number(std::uint32_t{})};
    case Type::kUBigint:
      return number(std::uint64_t{});
    case Type::kFloat:
      return double{number(float{})};
    case Type::kDouble:
      return number(double{});
    case Type::kHugeint:
      return wide_value(number(Wide{}), true);
    case Type::kUHugeint: {
      // Most significant byte first is an address's order.
      const Wide wide = number(Wide{});
      const std::array<std::uint64_t, 2> order{std::byteswap(wide.upper),
                                               std::byteswap(wide.lower)};
      return address_of(reinterpret_cast<const char*>(order.data()));
    }
    case Type::kVarchar:
    case Type::kBlob: {
      const std::string_view text = view_of(static_cast<const Text*>(view.data)[row]);
      if (view.type == Type::kBlob && text.size() == 16) return address_of(text.data());
      return std::string(text);
    }
  }
  return {};
}

Result<std::unique_ptr<Session>> Session::open(const Instance& instance) {
  std::unique_ptr<Session> session(new Session(instance.api()));
  if (instance.api().connect(instance.database_, &session->connection_) != kSuccess)
    return fail("DuckDB refuses another connection");
  return session;
}

Session::~Session() {
  if (connection_ != nullptr) api_->disconnect(&connection_);
}

Result<Rows> Session::query(const std::string& sql) {
  RawResult result{};
  if (api_->query(connection_, sql.c_str(), &result) == kSuccess) return Rows(*api_, result);
  auto error =
      fail(first_line(api_->result_error(&result)), kind_of(api_->result_error_type(&result)));
  api_->destroy_result(&result);
  return error;
}

Result<Rows> Session::query(const std::string& sql, const std::function<bool()>& go_on) {
  Prepared prepared = nullptr;
  Pending pending = nullptr;
  RawResult result{};
  const auto finish = [&](auto&& value) -> Result<Rows> {
    if (pending != nullptr) api_->destroy_pending(&pending);
    if (prepared != nullptr) api_->destroy_prepare(&prepared);
    return std::move(value);
  };
  if (api_->prepare(connection_, sql.c_str(), &prepared) != kSuccess)
    return finish(fail(first_line(api_->prepare_error(prepared))));
  if (api_->pending_prepared(prepared, &pending) != kSuccess)
    return finish(fail(first_line(api_->pending_error(pending))));
  for (;;) {
    if (!go_on()) return finish(fail("it was ended", ErrorKind::kBusy));
    const PendingState state = api_->pending_execute_task(pending);
    if (state == PendingState::kError) {
      // Then execute_pending() does not say why.
      Error error{.message = first_line(api_->pending_error(pending))};
      if (error.message.starts_with("Out of Memory")) error.kind = ErrorKind::kNoPermission;
      return finish(std::unexpected(error));
    }
    if (state == PendingState::kReady || state == PendingState::kError) break;
    // Other threads have all there is to do.
    if (state == PendingState::kNoTasks)
      std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  // Where a task failed it says why, in a form that has the error's kind.
  if (api_->execute_pending(pending, &result) != kSuccess) {
    auto error =
        fail(first_line(api_->result_error(&result)), kind_of(api_->result_error_type(&result)));
    api_->destroy_result(&result);
    return finish(error);
  }
  return finish(Rows(*api_, result));
}

Status Session::run(const std::string& sql) {
  const auto rows = query(sql);
  if (!rows) return std::unexpected(rows.error());
  return {};
}

Result<Value> Session::value(const std::string& sql) {
  auto rows = query(sql);
  if (!rows) return std::unexpected(rows.error());
  if (!rows->next()) return Value{};
  return rows->value(0, 0);
}

}  // namespace netprobe::duck
