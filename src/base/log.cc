// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <chrono>
#include <memory>

#include "base/duration.h"

namespace netprobe {
namespace {

/// spdlog's patterns do not escape: a message with a quote would break the
/// line for every log collector.
class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto since_epoch = message.time.time_since_epoch();
    line_.assign("{\"time\":\"");
    append_rfc3339(line_,
                   std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count());
    line_ += "\",\"level\":\"";
    const auto level = spdlog::level::to_string_view(message.level);
    line_.append(level.data(), level.size());
    line_ += "\",\"message\":\"";
    for (const char c : std::string_view(message.payload.data(), message.payload.size())) append(c);
    line_ += "\"}\n";
    out.append(line_.data(), line_.data() + line_.size());
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>();
  }

 private:
  void append(char c) {
    if (c == '"' || c == '\\') {
      line_ += '\\';
      line_ += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      line_ += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      line_ += c;
    }
  }
  std::string line_;
};

}  // namespace

Status init_log(LogFormat format, std::string_view level) {
  const auto parsed = spdlog::level::from_str(std::string(level));
  if (parsed == spdlog::level::off && level != "off") {
    return fail("'" + std::string(level) + "' is not a log level: use debug, info, warn or error",
                ErrorKind::kUsage);
  }
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  std::shared_ptr<spdlog::logger> logger;
  if (format == LogFormat::kJson || (format == LogFormat::kAuto && !terminal)) {
    logger = std::make_shared<spdlog::logger>(
        "netprobe", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_formatter(std::make_unique<JsonFormatter>());
  } else {
    logger = std::make_shared<spdlog::logger>(
        "netprobe", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    logger->set_pattern("%H:%M:%S.%e %^%-5l%$ %v");
  }
  logger->set_level(parsed);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  return {};
}

}  // namespace netprobe
