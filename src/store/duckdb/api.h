// SPDX-License-Identifier: Apache-2.0
// What NetProbe uses of DuckDB's C API, declared here because the library comes
// without a header: by https://duckdb.org/docs/stable/clients/c/api, whose names,
// values and layouts are stable since 1.0.
#pragma once

#include <cstdint>

namespace netprobe::duck {

// NOLINTBEGIN(readability-identifier-naming): as the library has them.
using idx_t = std::uint64_t;

enum State : int { kSuccess = 0, kError = 1 };

/// duckdb_type, as far as it is met here.
enum class Type : int {
  kBoolean = 1,
  kTinyint = 2,
  kSmallint = 3,
  kInteger = 4,
  kBigint = 5,
  kUTinyint = 6,
  kUSmallint = 7,
  kUInteger = 8,
  kUBigint = 9,
  kFloat = 10,
  kDouble = 11,
  kHugeint = 16,
  kVarchar = 17,
  kBlob = 18,
  kUHugeint = 32,
};

/// duckdb_error_type, as far as it matters.
enum class ErrorType : int {
  kInvalid = 0,
  kIo = 28,
  kInterrupt = 29,
  kFatal = 30,
  kOutOfMemory = 33,
};

// Handles; each is a pointer to one struct of the library.
using Database = struct DatabaseOf*;
using Connection = struct ConnectionOf*;
using Config = struct ConfigOf*;
using Appender = struct AppenderOf*;
using DataChunk = struct DataChunkOf*;
using Vector = struct VectorOf*;
using LogicalType = struct LogicalTypeOf*;
using Prepared = struct PreparedOf*;
using Pending = struct PendingOf*;
using ScalarFunction = struct ScalarFunctionOf*;
using FunctionInfo = struct FunctionInfoOf*;

/// duckdb_scalar_function_t: a chunk of arguments in, as flat vectors; values out.
using ScalarFunctionBody = void (*)(FunctionInfo, DataChunk, Vector);
/// duckdb_delete_callback_t.
using DeleteCallback = void (*)(void*);

/// duckdb_pending_state.
enum class PendingState : int { kReady = 0, kNotReady = 1, kError = 2, kNoTasks = 3 };

/// duckdb_result: only the last member is of use.
struct RawResult {
  idx_t deprecated_column_count;
  idx_t deprecated_row_count;
  idx_t deprecated_rows_changed;
  void* deprecated_columns;
  char* deprecated_error_message;
  void* internal_data;
};

/// duckdb_string_t: up to 12 bytes stand in it; of more, the first four, and a
/// pointer to all of them. Little-endian.
struct Text {
  static constexpr std::uint32_t kInlined = 12;
  std::uint32_t length;
  char bytes[4];
  char rest[8];
};
static_assert(sizeof(Text) == 16);

/// duckdb_hugeint and duckdb_uhugeint.
struct Wide {
  std::uint64_t lower;
  std::uint64_t upper;
};

struct Progress {
  double percentage;
  std::uint64_t rows_processed;
  std::uint64_t total_rows_to_process;
};

// X(result, name without "duckdb_", arguments)
#define NETPROBE_DUCKDB_FUNCTIONS(X)                                                            \
  X(const char*, library_version, ())                                                           \
  X(State, create_config, (Config*))                                                            \
  X(State, set_config, (Config, const char*, const char*))                                      \
  X(void, destroy_config, (Config*))                                                            \
  X(State, open_ext, (const char*, Database*, Config, char**))                                  \
  X(void, close, (Database*))                                                                   \
  X(State, connect, (Database, Connection*))                                                    \
  X(void, disconnect, (Connection*))                                                            \
  X(void, interrupt, (Connection))                                                              \
  X(Progress, query_progress, (Connection))                                                     \
  X(void, free, (void*))                                                                        \
  X(State, query, (Connection, const char*, RawResult*))                                        \
  X(void, destroy_result, (RawResult*))                                                         \
  X(State, prepare, (Connection, const char*, Prepared*))                                       \
  X(const char*, prepare_error, (Prepared))                                                     \
  X(void, destroy_prepare, (Prepared*))                                                         \
  X(State, pending_prepared, (Prepared, Pending*))                                              \
  X(const char*, pending_error, (Pending))                                                      \
  X(PendingState, pending_execute_task, (Pending))                                              \
  X(State, execute_pending, (Pending, RawResult*))                                              \
  X(void, destroy_pending, (Pending*))                                                          \
  X(const char*, result_error, (RawResult*))                                                    \
  X(ErrorType, result_error_type, (RawResult*))                                                 \
  X(const char*, column_name, (RawResult*, idx_t))                                              \
  X(Type, column_type, (RawResult*, idx_t))                                                     \
  X(idx_t, column_count, (RawResult*))                                                          \
  X(DataChunk, fetch_chunk, (RawResult))                                                        \
  X(State, appender_create_ext, (Connection, const char*, const char*, const char*, Appender*)) \
  X(const char*, appender_error, (Appender))                                                    \
  X(State, append_data_chunk, (Appender, DataChunk))                                            \
  X(State, appender_flush, (Appender))                                                          \
  X(State, appender_close, (Appender))                                                          \
  X(State, appender_destroy, (Appender*))                                                       \
  X(LogicalType, create_logical_type, (Type))                                                   \
  X(void, destroy_logical_type, (LogicalType*))                                                 \
  X(DataChunk, create_data_chunk, (LogicalType*, idx_t))                                        \
  X(void, destroy_data_chunk, (DataChunk*))                                                     \
  X(void, data_chunk_reset, (DataChunk))                                                        \
  X(idx_t, data_chunk_get_size, (DataChunk))                                                    \
  X(void, data_chunk_set_size, (DataChunk, idx_t))                                              \
  X(Vector, data_chunk_get_vector, (DataChunk, idx_t))                                          \
  X(void*, vector_get_data, (Vector))                                                           \
  X(std::uint64_t*, vector_get_validity, (Vector))                                              \
  X(idx_t, vector_size, ())                                                                     \
  X(ScalarFunction, create_scalar_function, ())                                                 \
  X(void, scalar_function_set_name, (ScalarFunction, const char*))                              \
  X(void, scalar_function_add_parameter, (ScalarFunction, LogicalType))                         \
  X(void, scalar_function_set_return_type, (ScalarFunction, LogicalType))                       \
  X(void, scalar_function_set_extra_info, (ScalarFunction, void*, DeleteCallback))              \
  X(void, scalar_function_set_function, (ScalarFunction, ScalarFunctionBody))                   \
  X(void*, scalar_function_get_extra_info, (FunctionInfo))                                      \
  X(State, register_scalar_function, (Connection, ScalarFunction))                              \
  X(void, destroy_scalar_function, (ScalarFunction*))
// NOLINTEND(readability-identifier-naming)

/// The library's functions, found at run time.
struct Api {
#define NETPROBE_DUCKDB_MEMBER(result, name, arguments) result(*name) arguments = nullptr;
  NETPROBE_DUCKDB_FUNCTIONS(NETPROBE_DUCKDB_MEMBER)
#undef NETPROBE_DUCKDB_MEMBER
};

}  // namespace netprobe::duck
