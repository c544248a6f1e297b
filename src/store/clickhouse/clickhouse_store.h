// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "query/history_store.h"
#include "store/clickhouse/options.h"

namespace netprobe {

/// History in a ClickHouse server, over HTTP. Each batch is there once, or counted
/// as lost, whatever happens to the server, the network or this process: see
/// docs/clickhouse.md. Errors: options that cannot work. A server that is away is
/// none; batches wait for it.
[[nodiscard]] Result<std::unique_ptr<HistoryStore>> make_clickhouse_store(
    ClickHouseOptions options);

}  // namespace netprobe
