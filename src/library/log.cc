// SPDX-License-Identifier: Apache-2.0
#include <netprobe/log.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <utility>

#include "library/log_setup.h"

namespace netprobe::v0 {
namespace {

LogLevel public_level(spdlog::level::level_enum level) {
  if (level <= spdlog::level::debug) return LogLevel::kDebug;
  if (level == spdlog::level::info) return LogLevel::kInfo;
  return level == spdlog::level::warn ? LogLevel::kWarning : LogLevel::kError;
}

spdlog::level::level_enum own_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

class HandlerSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void use(LogHandler handler) {
    const std::lock_guard lock(mutex_);
    handler_ = std::move(handler);
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (handler_)
      handler_(public_level(message.level), {message.payload.data(), message.payload.size()});
  }
  void flush_() override {}
  LogHandler handler_;
};

const std::shared_ptr<HandlerSink>& sink() {
  static const auto kSink = [] {
    auto made = std::make_shared<HandlerSink>();
    auto logger = std::make_shared<spdlog::logger>("netprobe", made);
    logger->set_level(spdlog::level::off);
    spdlog::set_default_logger(std::move(logger));
    return made;
  }();
  return kSink;
}

}  // namespace

void own_the_log() { (void)sink(); }

std::string_view to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      break;
  }
  return "error";
}

void set_log_handler(LogHandler handler, LogLevel least) {
  const bool any = handler != nullptr;
  sink()->use(std::move(handler));
  spdlog::default_logger_raw()->set_level(any ? own_level(least) : spdlog::level::off);
}

}  // namespace netprobe::v0
