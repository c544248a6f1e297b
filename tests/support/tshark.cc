// SPDX-License-Identifier: Apache-2.0
#include "support/tshark.h"

#include <sstream>

#include "support/process.h"

namespace netprobe::test {
namespace {

Result<std::string> tshark(const std::string& capture, const std::vector<std::string>& arguments) {
  std::vector<std::string> command{"tshark", "-n", "-r", capture};
  command.insert(command.end(), arguments.begin(), arguments.end());
  // An empty folder of preferences, so that results do not depend on the user.
  return run_ok(std::move(command), 120 * kSecond,
                {.environment = {{"WIRESHARK_CONFIG_DIR", "/nonexistent"}}});
}

}  // namespace

Result<TsharkRows> tshark_fields(const std::string& capture, const std::vector<std::string>& fields,
                                 const std::vector<std::string>& options) {
  std::vector<std::string> arguments = options;
  for (const auto* word : {"-T", "fields", "-E", "separator=|", "-E", "occurrence=a"})
    arguments.emplace_back(word);
  for (const auto& field : fields) {
    arguments.emplace_back("-e");
    arguments.push_back(field);
  }
  const auto text = tshark(capture, arguments);
  if (!text) return std::unexpected(text.error());
  TsharkRows rows;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    auto& row = rows.emplace_back();
    std::istringstream columns(line + "|");
    for (std::string column; std::getline(columns, column, '|');) row.push_back(column);
  }
  return rows;
}

Result<std::string> tshark_report(const std::string& capture,
                                  const std::vector<std::string>& arguments) {
  std::vector<std::string> all{"-q"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return tshark(capture, all);
}

}  // namespace netprobe::test
