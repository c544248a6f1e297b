// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "export/eventually.h"
#include "export/otlp/otlp_sender.h"
#include "export/otlp_receiver.h"
#include "outbox/export_target.h"
#include "outbox/outbox.h"
#include "outbox/testing/made_records.h"

namespace netprobe::test {

inline const SystemClock kClock;

inline ExportTarget target_of(const std::string& url) {
  static const std::array kSchemes{kOtlpGrpcExport, kOtlpGrpcsExport, kOtlpHttpExport,
                                   kOtlpHttpsExport};
  auto target = parse_export_target(url, kSchemes, kClock.wall());
  EXPECT_TRUE(target) << target.error().message;
  return *target;
}

/// An outbox that sends logs to `url`, started.
inline std::unique_ptr<Outbox> outbox_to(const std::string& url) {
  const ExportTarget target = target_of(url);
  auto sender = make_otlp_sender(target, kClock);
  EXPECT_TRUE(sender) << sender.error().message;
  auto outbox = Outbox::make(target, std::move(*sender), kClock);
  outbox->start();
  return outbox;
}

inline std::uint64_t lost_of(const OutboxStatus& status, std::string_view cause = "") {
  std::uint64_t sum = 0;
  for (const auto& [name, count] : status.lost)
    if (cause.empty() || name == cause) sum += count;
  return sum;
}

inline void expect_adds_up(const OutboxStatus& status) {
  EXPECT_EQ(status.seen + status.sums,
            status.passed_over + status.folded + status.sent + status.waiting + lost_of(status));
}

/// The attribute netprobe.flow_id of all records, in their order.
inline std::vector<std::uint64_t> flow_ids(
    const std::vector<logs::ExportLogsServiceRequest>& requests) {
  std::vector<std::uint64_t> ids;
  for (const auto& request : requests)
    for (const auto& resource : request.resource_logs())
      for (const auto& scope : resource.scope_logs())
        for (const auto& record : scope.log_records())
          for (const auto& attribute : record.attributes())
            if (attribute.key() == "netprobe.flow_id")
              ids.push_back(static_cast<std::uint64_t>(attribute.value().int_value()));
  return ids;
}

inline void expect_each_once(const std::vector<std::uint64_t>& ids, std::size_t count) {
  const std::set<std::uint64_t> unique(ids.begin(), ids.end());
  EXPECT_EQ(ids.size(), count);
  EXPECT_EQ(unique.size(), count);
}

constexpr Nanos kPatience = 20 * kSecond;

}  // namespace netprobe::test
