// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "model/history.h"

namespace netprobe {

/// The name and version of the schema that bodies have; a change that breaks readers is
/// another number. docs/export-webhook.md
inline constexpr std::string_view kWebhookSchema = "netprobe.alerts/1";

/// Another one for each time that an alert is told, and the same each time that it is sent.
[[nodiscard]] std::string event_id_of(const AlertEvent& event);

/// One element of the body's `alerts`. `retried`: it may have come before.
void append_alert_body(std::string& out, const AlertEvent& event, std::string_view node,
                       bool retried);

}  // namespace netprobe
