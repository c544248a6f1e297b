// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "store/duckdb/api.h"

namespace netprobe::duck {

/// DuckDB's shared library, loaded at run time so that an agent works without it.
/// Never unloaded: its threads and thread-local state do not survive that.
class Library {
 public:
  /// Loads the first that is there of: $NETPROBE_DUCKDB; libduckdb.so beside the
  /// program; ../lib/netprobe/libduckdb.so from there; the system's. What
  /// NETPROBE_DUCKDB names must be there; "off" stands for none. The error says
  /// what was looked for and how to have it.
  [[nodiscard]] static Result<std::shared_ptr<const Library>> load();

  /// Its code and constants that were used once are not this process's memory any more;
  /// what is used again comes back from the page cache.
  void let_pages_go() const;

  [[nodiscard]] const Api& api() const { return api_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& version() const { return version_; }  ///< "v1.5.6"

 private:
  Library() = default;
  [[nodiscard]] static Result<std::shared_ptr<const Library>> load(const std::string& path);

  Api api_;
  std::string path_;
  std::string version_;
};
using LibraryPtr = std::shared_ptr<const Library>;

}  // namespace netprobe::duck
