// SPDX-License-Identifier: Apache-2.0
#include "link/grpc_log.h"

#include <fmt/format.h>
#include <grpc/support/log.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace netprobe {
namespace {

constexpr std::size_t kMostText = 300;

/// gRPC's threads outlive main(), and spdlog's registry: what they need is never destroyed.
struct Outliving {
  std::shared_ptr<spdlog::logger> log = spdlog::default_logger();
  SystemClock clock;
  LogLimit limit{clock};
};
Outliving& outliving() {
  static auto* const kMade = new Outliving;
  return *kMade;
}

void take_line(gpr_log_func_args* line) {
  Outliving& here = outliving();
  if (line->severity != GPR_LOG_SEVERITY_ERROR) return here.log->debug("gRPC: {}", line->message);
  if (const auto text = grpc_complaint(line->message, here.limit)) here.log->warn("{}", *text);
}

}  // namespace

void log_grpc_here() {
  static const bool kSet = [] {
    (void)outliving();
    ::gpr_set_log_function(take_line);
    return true;
  }();
  (void)kSet;
}

std::optional<std::string> grpc_complaint(std::string_view message, LogLimit& limit) {
  const auto more = limit.allow();
  if (!more) return std::nullopt;
  // Peers' names and answers may be in it.
  std::string text(message.substr(0, kMostText));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = ' ';
  return fmt::format("gRPC's library complains: {}{}", text,
                     *more == 0 ? "" : fmt::format(" ({} more since the last such line)", *more));
}

}  // namespace netprobe
