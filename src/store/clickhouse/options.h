// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace netprobe {

/// Where ClickHouse is and how much it is trusted with. docs/clickhouse.md.
struct ClickHouseOptions {
  /// "https://user:password@host:8443/": http or https; IPv6 in brackets. What
  /// it names of user and password counts where the two below are empty.
  std::string url;
  std::string user;
  std::string password;
  std::string password_file;  ///< its first line; read again with each connection; empty: none
  std::string database = "netprobe";
  std::string ca_file;  ///< PEM; empty: the system's
  bool insecure = false;
  /// Of a cluster in the server's configuration: tables are Replicated, made on
  /// all of it, and asked through Distributed ones. Empty: one server.
  std::string cluster;
  std::string distributed_suffix = "_all";  ///< of the tables that are asked then
  bool create_tables = true;                ///< false: they are there, or a person makes them

  /// Where batches wait that the server does not take; empty: in memory only.
  std::string spill_directory;
  std::uint64_t spill_bytes = 1ULL << 30U;
  std::uint64_t memory_bytes = 64ULL << 20U;  ///< of records and batches that wait
  std::size_t batch_rows = 50'000;            ///< an insert has no more, but for one batch of more
  Nanos batch_time = kSecond;                 ///< nor waits longer

  Nanos connect_timeout = 3 * kSecond;
  Nanos ask_timeout = 10 * kSecond;  ///< of the agent's own questions
  /// Of an insert. The server refuses it when it comes later than that, by its
  /// own clock, so that what had no answer can be sent again.
  Nanos insert_timeout = 30 * kSecond;
  Nanos least_backoff = 250 * kMillisecond;
  Nanos most_backoff = 30 * kSecond;
  Nanos stop_patience = 3 * kSecond;  ///< how long stop() tries to hand over what waits

  /// How long records are kept: whole days (UTC). 0: for ever.
  Nanos keep_raw = 7 * 24 * 3600 * kSecond;
  Nanos keep_minutes = 30 * 24 * 3600 * kSecond;
  Nanos keep_hours = 400 * 24 * 3600 * kSecond;
  Nanos keep_events = 90 * 24 * 3600 * kSecond;  ///< drops, connections, alerts
  std::uint64_t query_memory = 2'000'000'000;    ///< of one query, at the server
};

/// A server as requests name it.
struct ClickHouseTarget {
  std::string base;  ///< "https://host:8443/": no secrets in it
  std::string user;
  std::string password;
};

/// Errors: kUsage for what no URL of a server is; a password file that cannot be
/// read. No message has a secret in it.
/// $NETPROBE_CLICKHOUSE_USER and $NETPROBE_CLICKHOUSE_PASSWORD stand behind the
/// options and before the URL.
[[nodiscard]] Result<ClickHouseTarget> clickhouse_target(const ClickHouseOptions& options);

/// Letters, digits and '_', not a digit first, at most 64: what goes into SQL as
/// a name of a database, a cluster or a table.
[[nodiscard]] bool is_clickhouse_name(const std::string& name);

}  // namespace netprobe
