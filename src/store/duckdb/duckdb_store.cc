// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/duckdb_store.h"

#include <utility>

#include "store/duckdb/store_threads.h"

namespace netprobe {

Result<std::unique_ptr<DuckDbStore>> DuckDbStore::open(const DuckDbOptions& options,
                                                       const Clock& clock) {
  auto library = duck::Library::load();
  if (!library) return std::unexpected(library.error());
  auto impl = std::make_unique<Impl>(*library, options, clock);
  if (auto done = impl->start(); !done) return std::unexpected(done.error());
  return std::unique_ptr<DuckDbStore>(new DuckDbStore(std::move(impl)));
}

DuckDbStore::DuckDbStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DuckDbStore::~DuckDbStore() { stop(); }

void DuckDbStore::write(HistoryBatchPtr batch) { impl_->write(std::move(batch)); }
void DuckDbStore::flush(Micros patience, std::function<void()> done) {
  impl_->flush(patience, std::move(done));
}
void DuckDbStore::query(QueryRequest request, QueryDone done) {
  impl_->ask(std::move(request), std::move(done));
}
HistoryStatus DuckDbStore::status() const { return impl_->status(); }
void DuckDbStore::stop() { impl_->stop(); }
void DuckDbStore::keep_house() { impl_->keep_house(); }
void DuckDbStore::close_raw_file() { impl_->close_raw_file(); }

}  // namespace netprobe
