// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <regex>

#include "export/faults/fault_table.h"
#include "export/kafka/kafka_sender.h"

namespace netprobe::test {
namespace {

class KafkaReceiver final : public Receiver {
 public:
  KafkaReceiver() {
    rd_kafka_conf_t* conf = ::rd_kafka_conf_new();
    ::rd_kafka_conf_set_log_cb(conf, nullptr);
    owner_.reset(::rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0));
    mock_ = ::rd_kafka_mock_cluster_new(owner_.get(), 1);
    (void)::rd_kafka_mock_topic_create(mock_, "netprobe", kPartitions, 1);
  }
  ~KafkaReceiver() override { ::rd_kafka_mock_cluster_destroy(mock_); }
  std::string url() const override {
    return std::string("kafka://") + ::rd_kafka_mock_cluster_bootstraps(mock_) + "/netprobe?";
  }
  ExportScheme scheme() const override { return kKafkaExport; }
  Result<std::unique_ptr<RecordSender>> make(const ExportTarget& target) const override {
    return make_kafka_sender(target, kClock);
  }
  void begin(Fault fault) override {
    if (fault == Fault::kDown) (void)::rd_kafka_mock_broker_set_down(mock_, 1);
    if (fault == Fault::kSlow) (void)::rd_kafka_mock_broker_set_rtt(mock_, 1, 1'500);
    if (fault == Fault::kBreaks) {
      (void)::rd_kafka_mock_broker_set_rtt(mock_, 1, 20);
      breaker_ = std::jthread([this] {
        for (int i = 0; i < 3; ++i) {
          std::this_thread::sleep_for(std::chrono::milliseconds(50));
          (void)::rd_kafka_mock_broker_set_down(mock_, 1);
          std::this_thread::sleep_for(std::chrono::milliseconds(50));
          (void)::rd_kafka_mock_broker_set_up(mock_, 1);
        }
      });
    }
    // Every other request is refused for good.
    if (fault == Fault::kRejects)
      for (std::size_t i = 0; i < 40; ++i)
        ::rd_kafka_mock_push_request_errors(mock_, 0 /* Produce */, 2,
                                            RD_KAFKA_RESP_ERR_INVALID_RECORD,
                                            RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void mend() override {
    if (breaker_.joinable()) breaker_.join();
    (void)::rd_kafka_mock_broker_set_up(mock_, 1);
    (void)::rd_kafka_mock_broker_set_rtt(mock_, 1, 0);
  }
  std::vector<std::uint64_t> ids() override {
    rd_kafka_conf_t* conf = ::rd_kafka_conf_new();
    ::rd_kafka_conf_set_log_cb(conf, nullptr);
    std::array<char, 256> why{};
    (void)::rd_kafka_conf_set(conf, "bootstrap.servers", ::rd_kafka_mock_cluster_bootstraps(mock_),
                              why.data(), why.size());
    (void)::rd_kafka_conf_set(conf, "group.id", "test", why.data(), why.size());
    const std::unique_ptr<rd_kafka_t, decltype(&::rd_kafka_destroy)> reader(
        ::rd_kafka_new(RD_KAFKA_CONSUMER, conf, why.data(), why.size()), &::rd_kafka_destroy);
    rd_kafka_topic_partition_list_t* list = ::rd_kafka_topic_partition_list_new(kPartitions);
    for (int i = 0; i < kPartitions; ++i)
      ::rd_kafka_topic_partition_list_add(list, "netprobe", i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    (void)::rd_kafka_assign(reader.get(), list);
    ::rd_kafka_topic_partition_list_destroy(list);
    static const std::regex kId(R"re("flow_id":(\d+))re");
    std::vector<std::uint64_t> ids;
    for (int quiet = 0; quiet < 10;) {
      rd_kafka_message_t* message = ::rd_kafka_consumer_poll(reader.get(), 200);
      if (message == nullptr || message->err != 0) {
        ++quiet;
      } else {
        quiet = 0;
        const std::string text(static_cast<const char*>(message->payload), message->len);
        std::smatch found;
        if (std::regex_search(text, found, kId)) ids.push_back(std::stoull(found[1]));
      }
      if (message != nullptr) ::rd_kafka_message_destroy(message);
    }
    (void)::rd_kafka_consumer_close(reader.get());
    return ids;
  }
  std::size_t most_twice() const override { return 0; }

 private:
  static constexpr int kPartitions = 4;
  std::unique_ptr<rd_kafka_t, decltype(&::rd_kafka_destroy)> owner_{nullptr, &::rd_kafka_destroy};
  rd_kafka_mock_cluster_t* mock_ = nullptr;
  std::jthread breaker_;
};

using enum Fault;

TEST(FaultTable, Kafka) { check_faults<KafkaReceiver>({kDown, kSlow, kBreaks, kRejects}); }

}  // namespace
}  // namespace netprobe::test
