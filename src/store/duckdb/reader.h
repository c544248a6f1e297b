// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "query/history_store.h"
#include "query/sql.h"
#include "store/duckdb/catalogue.h"
#include "store/duckdb/raw_filter.h"

namespace netprobe::duck {

/// Answers queries from the files. Of one thread.
class Reader {
 public:
  Reader(Catalogue& catalogue, const Clock& clock) : catalogue_(catalogue), clock_(clock) {}

  using Answer = std::expected<QueryAnswer, QueryFailure>;
  /// `deadline`: monotonic. `stopping`: the store ends, and with it the query.
  [[nodiscard]] Answer answer(const QueryRequest& request, Nanos deadline,
                              const std::function<bool()>& stopping);

 private:
  /// One request while it is answered.
  struct Run {
    const QueryRequest& request;
    Query query;  ///< with what its rates need
    std::function<bool()> go_on;
    TierRange tier;
    std::optional<RecordCursor> after;
    std::vector<FileView> files;  ///< that may have what is asked for, and are read
    std::vector<std::string> problems;
    std::uint64_t rows_read = 0;
  };

  /// What is read for a part of it, attached as long as this lives.
  struct Chosen {
    Lease lease;
    std::vector<FileView> files;
  };

  [[nodiscard]] std::expected<Chosen, QueryFailure> choose(Run& run, const Query& query);
  [[nodiscard]] std::expected<Run, QueryFailure> prepare(const QueryRequest& request,
                                                         Nanos deadline,
                                                         const std::function<bool()>& stopping);
  [[nodiscard]] std::expected<void, QueryFailure> groups(Run& run, SqlStatement& statement,
                                                         QueryAnswer& answer);
  [[nodiscard]] std::expected<void, QueryFailure> records(Run& run, SqlStatement& statement,
                                                          QueryAnswer& answer);
  /// What numbers mean in raw files among those, and by which the filter's rows are found;
  /// files that have none go. In the session's transaction.
  [[nodiscard]] Result<std::vector<Names::Use>> use_names(std::vector<FileView>& files,
                                                          const RawFilter& filter,
                                                          NameColumns columns);
  /// Adds what is found in a time range to the answer's rows, `rows` at most.
  [[nodiscard]] std::expected<void, QueryFailure> read(Run& run, const Query& query,
                                                       std::size_t rows,
                                                       const std::optional<RecordCursor>& after,
                                                       SqlStatement& statement,
                                                       QueryAnswer& answer);
  [[nodiscard]] QueryFailure failure(const Run& run, const Error& error) const;

  Catalogue& catalogue_;
  const Clock& clock_;
  std::unique_ptr<Session> session_;
};

}  // namespace netprobe::duck
