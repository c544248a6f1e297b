// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <chrono>
#include <memory>

#include "base/json_writer.h"

namespace netprobe {
namespace {

/// spdlog's patterns do not escape: a message with a quote would break the
/// line for every log collector.
class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto since_epoch = message.time.time_since_epoch();
    line_.clear();
    JsonObject json(line_);
    json.time("time", std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count());
    const auto level = spdlog::level::to_string_view(message.level);
    json.text("level", {level.data(), level.size()});
    json.text("message", {message.payload.data(), message.payload.size()});
    json.close();
    line_ += '\n';
    out.append(line_.data(), line_.data() + line_.size());
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>();
  }

 private:
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
    logger = std::make_shared<spdlog::logger>("netprobe",
                                              std::make_shared<spdlog::sinks::stderr_sink_mt>());
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
