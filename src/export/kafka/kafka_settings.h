// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "outbox/export_target.h"

namespace netprobe::kafka {

/// What a message's key is: messages of one key are in one partition, in their order.
enum class KeyBy : std::uint8_t { kWorkload, kFlow, kNode, kNone };

struct Settings {
  std::string topic;
  KeyBy key = KeyBy::kWorkload;
  /// Of librdkafka, by its names.
  std::vector<std::pair<std::string, std::string>> properties;
};

[[nodiscard]] std::span<const ExportParameter> parameters();
/// Errors are usage errors. Reads the file of a password.
[[nodiscard]] Result<Settings> read_settings(const ExportTarget& target);
/// "broker2:9092,[fd00::1]:9092": with the default port where one has none.
[[nodiscard]] Result<std::string> read_brokers(std::string_view list);

}  // namespace netprobe::kafka
