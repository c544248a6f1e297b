// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "store/duckdb/store_threads.h"

namespace netprobe {

HistoryStatus DuckDbStore::Impl::status() const {
  HistoryStatus status{.engine = "duckdb", .where = options_.directory};
  CataloguePtr engine;
  {
    const MutexLock lock(mutex_);
    engine = engine_;
    status.writable = state_.writable && !stopping_;
    status.problem = !state_.problem.empty() ? state_.problem : state_.upkeep_problem;
    status.rows_written = state_.rows_written;
    status.batches_written = state_.batches_written;
    status.rows_waiting = queue_.rows();
    status.memory_bytes = state_.memory_bytes + queue_.bytes();
    status.queries = state_.queries;
    status.queries_failed = state_.queries_failed;
    for (std::size_t i = 0; i < state_.lost.size(); ++i)
      status.lost.emplace_back(duck::to_string(static_cast<duck::LossCause>(i)), state_.lost.at(i));
    status.lost.emplace_back("retention", state_.rows_removed);
  }
  if (!engine) return status;
  for (const duck::FileView& file : engine->files()) {
    ++status.files;
    status.bytes_on_disk += file.bytes;
    if (file.name.kind != duck::FileKind::kRaw) continue;
    for (const duck::TimeRange& range : file.ranges)
      if (range.rows > 0)
        status.oldest = std::min(status.oldest.value_or(range.oldest), range.oldest);
  }
  const auto bad = engine->bad_files();
  const auto logs = engine->lost_logs();
  // Rows where they can be counted; of others it is known that there were some.
  std::uint64_t rows = logs.size();
  std::uint64_t foreign = 0;
  for (const duck::BadFile& file : bad) {
    if (file.foreign) {
      ++foreign;
    } else {
      rows += std::max<std::uint64_t>(file.rows, 1);
    }
  }
  status.lost.emplace_back("corrupt_file", rows);
  status.lost.emplace_back("foreign_file", foreign);
  if (status.problem.empty() && !bad.empty())
    status.problem = fmt::format("{} is left alone: {}", bad.front().name, bad.front().why);
  if (status.problem.empty() && !logs.empty()) {
    status.problem = fmt::format(
        "{} could not be replayed and was put aside: the last records before "
        "the agent's end are missing",
        logs.front());
  }
  return status;
}

}  // namespace netprobe

namespace netprobe::duck {

std::string_view to_string(LossCause cause) {
  switch (cause) {
    case LossCause::kQueueFull:
      return "queue_full";
    case LossCause::kDiskFull:
      return "disk_full";
    case LossCause::kRejected:
      return "rejected";
    case LossCause::kStopped:
      return "stopped";
    case LossCause::kCount:
      break;
  }
  return "";
}

}  // namespace netprobe::duck
