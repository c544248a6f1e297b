// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "settings/setters.h"
#include "settings/setting.h"

namespace netprobe {

/// How a program says what it has a ClickHouse for.
struct ClickHouseHelp {
  std::string_view url;
  std::string_view cluster;
  bool writes = false;  ///< and may make the tables
};

/// The settings that lead to a ClickHouse, the same in each program that has one.
/// `member`: of the program's options, a ClickHouseOptions of store/clickhouse, which
/// says what each is.
template <typename Options, typename Remote>
[[nodiscard]] std::vector<Setting<Options>> clickhouse_settings(Remote Options::* member,
                                                                ClickHouseHelp help) {
  // Of a member of that member.
  const auto within = [member](setters::Setter<Remote> set) -> setters::Setter<Options> {
    return [member, set = std::move(set)](Options& options, const std::string& value) {
      return set(options.*member, value);
    };
  };
  using namespace setters;
  std::vector<Setting<Options>> settings{
      {"clickhouse-url", "URL", help.url,
       within(http_url(&Remote::url, "https://clickhouse.example:8443"))},
      {"clickhouse-user", "NAME",
       "its user (the password: --clickhouse-password-file, or the variable "
       "NETPROBE_CLICKHOUSE_PASSWORD)",
       within(text(&Remote::user))},
      {"clickhouse-password-file", "FILE", "the first line is the password",
       within(text(&Remote::password_file))},
      {"clickhouse-database", "NAME", "database of the tables (default netprobe)",
       within(text(&Remote::database))},
      {"clickhouse-ca-file", "FILE", "who may sign its certificate (default: as the system says)",
       within(text(&Remote::ca_file))},
      {"clickhouse-insecure", "", "take any certificate (default false)",
       within(toggle(&Remote::insecure))},
      {"clickhouse-cluster", "NAME", help.cluster, within(text(&Remote::cluster))}};
  if (help.writes)
    settings.push_back({"clickhouse-create-tables", "",
                        "make tables that are not there (default true)",
                        within(toggle(&Remote::create_tables))});
  return settings;
}

}  // namespace netprobe
