// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/query.h"
#include "store/duckdb/library.h"

namespace netprobe::duck {

/// A statement's text as DuckDB reads it: 'it''s'. No escapes, and no NUL, which
/// would end the statement: it is left out.
[[nodiscard]] std::string quote_text(std::string_view text);

/// What a database may use.
struct DatabaseOptions {
  std::uint64_t memory_limit = 64U << 20;  ///< bytes, of buffers
  unsigned threads = 1;                    ///< that work on one query, the asking one among them
  std::string temp_directory;              ///< for what does not fit into memory; empty: none
  std::uint64_t max_temp_bytes = 0;
};

/// One DuckDB, in memory, to which files are attached. May be used from any
/// thread; outlives its connections.
class Instance {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Instance>> open(LibraryPtr library,
                                                              const DatabaseOptions& options);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  [[nodiscard]] const Library& library() const { return *library_; }
  [[nodiscard]] const Api& api() const { return library_->api(); }

 private:
  friend class Session;
  explicit Instance(LibraryPtr library) : library_(std::move(library)) {}

  LibraryPtr library_;
  Database database_ = nullptr;
};

/// Rows of a statement, chunk by chunk. Of one thread.
class Rows {
 public:
  Rows(const Api& api, RawResult result) : api_(&api), result_(result) {}
  ~Rows();
  Rows(Rows&& other) noexcept;
  Rows& operator=(Rows&& other) noexcept;
  Rows(const Rows&) = delete;

  [[nodiscard]] std::size_t columns() const;
  [[nodiscard]] std::string column_name(std::size_t column) const;

  /// Goes to the next chunk. False: there are no more.
  [[nodiscard]] bool next();
  /// Of the chunk.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// `row` of the chunk. NULL is monostate; signed integers are int64, unsigned
  /// and wide ones uint64 (as many as fit), a blob of 16 bytes is an address.
  [[nodiscard]] Value value(std::size_t column, std::size_t row) const;

 private:
  struct View {
    Type type{};
    const void* data = nullptr;
    const std::uint64_t* validity = nullptr;
  };

  const Api* api_;
  RawResult result_{};
  DataChunk chunk_ = nullptr;
  std::size_t size_ = 0;
  std::vector<View> views_;
};

/// A connection. One statement at a time; interrupt() from any thread.
class Session {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Session>> open(const Instance& instance);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// What fails names nothing of the statement but what DuckDB says, in one line.
  /// kBusy: interrupted. kNoPermission: out of memory, within its limit.
  [[nodiscard]] Result<Rows> query(const std::string& sql);
  /// The same, step by step: `go_on` is asked every few milliseconds, and ends the
  /// statement (kBusy) by saying no.
  [[nodiscard]] Result<Rows> query(const std::string& sql, const std::function<bool()>& go_on);
  /// For statements without rows of interest.
  [[nodiscard]] Status run(const std::string& sql);
  /// The first column of the first row; monostate without rows.
  [[nodiscard]] Result<Value> value(const std::string& sql);

  /// Ends the statement that runs now, if one does.
  void interrupt() const { api_->interrupt(connection_); }
  [[nodiscard]] Progress progress() const { return api_->query_progress(connection_); }
  [[nodiscard]] const Api& api() const { return *api_; }
  [[nodiscard]] Connection handle() const { return connection_; }

 private:
  explicit Session(const Api& api) : api_(&api) {}

  const Api* api_;
  Connection connection_ = nullptr;
};

}  // namespace netprobe::duck
