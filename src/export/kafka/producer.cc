// SPDX-License-Identifier: Apache-2.0
#include "export/kafka/producer.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <utility>
#include <vector>

#include "base/freed.h"

namespace netprobe::kafka {
namespace {

bool is_permanent(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
      return true;
    default:
      return false;
  }
}

class RdProducer final : public Producer {
 public:
  RdProducer(std::string topic, Settled settled)
      : topic_(std::move(topic)), settled_(std::move(settled)) {}

  Status start(const Settings& settings) {
    std::array<char, 512> why{};
    rd_kafka_conf_t* conf = ::rd_kafka_conf_new();
    for (const auto& [name, value] : settings.properties) {
      if (::rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) ==
          RD_KAFKA_CONF_OK)
        continue;
      ::rd_kafka_conf_destroy(conf);
      return fail("Kafka's client refuses its settings: " + std::string(why.data()),
                  ErrorKind::kUsage);
    }
    ::rd_kafka_conf_set_opaque(conf, this);
    ::rd_kafka_conf_set_log_cb(conf, nullptr);
    ::rd_kafka_conf_set_dr_msg_cb(conf, &RdProducer::on_delivery);
    ::rd_kafka_conf_set_error_cb(conf, &RdProducer::on_error);
    kafka_.reset(::rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size()));
    if (!kafka_) {
      ::rd_kafka_conf_destroy(conf);
      return fail("Kafka's client does not start: " + std::string(why.data()), ErrorKind::kUsage);
    }
    // Else each message would look it up by its name.
    handle_.reset(::rd_kafka_topic_new(kafka_.get(), topic_.c_str(), nullptr));
    if (handle_) return {};
    return fail("topic '" + topic_ + "': " + ::rd_kafka_err2str(::rd_kafka_last_error()),
                ErrorKind::kUsage);
  }

  ~RdProducer() override {
    if (!kafka_) return;
    settled_ = nullptr;
    (void)::rd_kafka_purge(kafka_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                             RD_KAFKA_PURGE_F_NON_BLOCKING);
    (void)::rd_kafka_poll(kafka_.get(), 0);
  }

  void put(std::span<Letter> letters) override {
    messages_.assign(letters.size(), {});
    for (std::size_t i = 0; i < letters.size(); ++i) {
      const Letter& letter = letters[i];
      rd_kafka_message_t& message = messages_[i];
      message.payload = const_cast<char*>(letter.value.data());
      message.len = letter.value.size();
      // An empty key is none: the partitioner then takes any partition.
      message.key = letter.key.empty() ? nullptr : const_cast<char*>(letter.key.data());
      message.key_len = letter.key.size();
      message._private = reinterpret_cast<void*>(letter.token);
    }
    (void)::rd_kafka_produce_batch(handle_.get(), RD_KAFKA_PARTITION_UA, 0, messages_.data(),
                                   static_cast<int>(messages_.size()));
    for (std::size_t i = 0; i < letters.size(); ++i) {
      const auto error = messages_[i].err;
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
      letters[i].put = is_permanent(error) ? Put::kRejected : Put::kFull;
      letters[i].why = sentence(error);
    }
  }

  void poll(Nanos patience) override {
    (void)::rd_kafka_poll(kafka_.get(), static_cast<int>(patience / kMillisecond));
  }
  [[nodiscard]] bool is_dead() const override {
    std::array<char, 256> why{};
    return ::rd_kafka_fatal_error(kafka_.get(), why.data(), why.size()) !=
           RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  [[nodiscard]] std::string trouble() const override { return trouble_; }

 private:
  static void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto* self = static_cast<RdProducer*>(opaque);
    if (!self->settled_) return;
    const auto token = reinterpret_cast<std::uint64_t>(message->_private);
    const auto error = message->err;
    // What a broker wrote although its answer was bad is written.
    const bool persisted = ::rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_PERSISTED;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR || persisted) {
      self->trouble_.clear();
      return self->settled_(token, Fate::kTaken, "");
    }
    self->settled_(token, is_permanent(error) ? Fate::kRejected : Fate::kAgain,
                   self->sentence(error));
  }

  [[nodiscard]] std::string sentence(rd_kafka_resp_err_t error) const {
    if (error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
        error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
      return "there is no topic '" + topic_ + "'; create it";
    return "topic '" + topic_ + "': " + ::rd_kafka_err2str(error);
  }

  static void on_error(rd_kafka_t*, int, const char* reason, void* opaque) {
    static_cast<RdProducer*>(opaque)->trouble_ = reason;
  }

  const std::string topic_;
  Settled settled_;
  std::string trouble_;
  std::vector<rd_kafka_message_t> messages_;  ///< of put()
  // Destroyed before all others: it calls back. The topic is its.
  std::unique_ptr<rd_kafka_t, Freed<rd_kafka_destroy>> kafka_;
  std::unique_ptr<rd_kafka_topic_t, Freed<rd_kafka_topic_destroy>> handle_;
};

}  // namespace

Result<std::unique_ptr<Producer>> Producer::make(const Settings& settings, Settled settled) {
  auto made = std::make_unique<RdProducer>(settings.topic, std::move(settled));
  if (Status s = made->start(settings); !s) return std::unexpected(s.error());
  return made;
}

}  // namespace netprobe::kafka
