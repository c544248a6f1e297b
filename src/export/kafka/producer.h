// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "export/kafka/kafka_settings.h"

namespace netprobe::kafka {

/// What became of a message.
enum class Fate : std::uint8_t {
  kTaken,     ///< the brokers have it
  kAgain,     ///< they do not have it
  kRejected,  ///< they will never take it
};

/// librdkafka's producer; its threads live as long as this. Used by one thread.
class Producer {
 public:
  /// `token` as given with the message.
  using Settled = std::function<void(std::uint64_t token, Fate fate, const std::string& why)>;
  [[nodiscard]] static Result<std::unique_ptr<Producer>> make(const Settings& settings,
                                                              Settled settled);
  virtual ~Producer() = default;

  enum class Put : std::uint8_t { kQueued, kFull, kRejected };
  struct Letter {
    std::string_view key;
    std::string_view value;
    std::uint64_t token = 0;
    Put put = Put::kQueued;  ///< what became of it
    std::string why{};       ///< where it is not queued
  };
  /// In their order. One that finds no room is kFull, and so are those behind it. Of a key a
  /// copy is taken; the value stays where it is until it is settled, or this is gone. Many
  /// at once cost less.
  virtual void put(std::span<Letter> letters) = 0;
  /// Tells of messages that are settled; waits for the first one for so long.
  virtual void poll(Nanos patience) = 0;
  /// It can do nothing more; messages that it still had are settled in poll().
  [[nodiscard]] virtual bool is_dead() const = 0;
  /// What went wrong last with a broker; empty: nothing.
  [[nodiscard]] virtual std::string trouble() const = 0;
};

}  // namespace netprobe::kafka
