// SPDX-License-Identifier: Apache-2.0
// Against librdkafka's own mock cluster: brokers that go away, errors, and what a
// consumer reads in the end.
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <simdjson.h>

#include <chrono>
#include <map>
#include <memory>
#include <thread>

#include "export/kafka/kafka_sender.h"
#include "export/kafka/kafka_settings.h"
#include "outbox/testing/made_records.h"
#include "query/evaluate.h"
#include "support/certificates.h"

namespace netprobe {
namespace {

constexpr int kPartitions = 4;

class MockCluster {
 public:
  explicit MockCluster(int brokers) {
    char why[256];
    rd_kafka_conf_t* conf = ::rd_kafka_conf_new();
    ::rd_kafka_conf_set_log_cb(conf, nullptr);
    owner_.reset(::rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why));
    mock_ = ::rd_kafka_mock_cluster_new(owner_.get(), brokers);
    create("netprobe");
  }
  ~MockCluster() { ::rd_kafka_mock_cluster_destroy(mock_); }
  void create(const char* topic) {
    (void)::rd_kafka_mock_topic_create(mock_, topic, kPartitions, 1);
  }
  [[nodiscard]] rd_kafka_mock_cluster_t* mock() { return mock_; }
  [[nodiscard]] std::string brokers() const { return ::rd_kafka_mock_cluster_bootstraps(mock_); }

  /// What is in a topic: how often each flow id, by what stands as its key.
  [[nodiscard]] std::map<std::uint64_t, int> consume(const char* topic, std::size_t at_least) {
    std::map<std::uint64_t, int> found;
    char why[256];
    rd_kafka_conf_t* conf = ::rd_kafka_conf_new();
    ::rd_kafka_conf_set_log_cb(conf, nullptr);
    (void)::rd_kafka_conf_set(conf, "bootstrap.servers", brokers().c_str(), why, sizeof why);
    (void)::rd_kafka_conf_set(conf, "group.id", "test", why, sizeof why);
    const std::unique_ptr<rd_kafka_t, decltype(&::rd_kafka_destroy)> reader(
        ::rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why), &::rd_kafka_destroy);
    rd_kafka_topic_partition_list_t* list = ::rd_kafka_topic_partition_list_new(kPartitions);
    for (int i = 0; i < kPartitions; ++i)
      ::rd_kafka_topic_partition_list_add(list, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    (void)::rd_kafka_assign(reader.get(), list);
    ::rd_kafka_topic_partition_list_destroy(list);
    simdjson::ondemand::parser parser;
    std::size_t count = 0;
    // Beyond what is expected a moment longer: there may be duplicates.
    for (int quiet = 0; quiet < (count < at_least ? 50 : 5);) {
      rd_kafka_message_t* message = ::rd_kafka_consumer_poll(reader.get(), 200);
      if (message == nullptr || message->err != 0) {
        ++quiet;
      } else {
        quiet = 0;
        ++count;
        const simdjson::padded_string text(static_cast<const char*>(message->payload),
                                           message->len);
        auto document = parser.iterate(text);
        ++found[document["flow_id"].get_uint64().value()];
      }
      if (message != nullptr) ::rd_kafka_message_destroy(message);
    }
    (void)::rd_kafka_consumer_close(reader.get());
    return found;
  }

 private:
  std::unique_ptr<rd_kafka_t, decltype(&::rd_kafka_destroy)> owner_{nullptr, &::rd_kafka_destroy};
  rd_kafka_mock_cluster_t* mock_ = nullptr;
};

ExportTarget target_at(MockCluster& cluster) {
  ExportTarget target;
  target.scheme = "kafka";
  target.path = "/netprobe";
  target.fields = {{FieldId::kFlowId, {}}, {FieldId::kBytes, {}}, {FieldId::kSrcName, {}}};
  target.timeout = 5 * kSecond;
  target.parameters = {{"brokers", cluster.brokers()}};
  return target;
}

std::vector<RecordRef> refs_of(const HistoryBatch& batch) {
  std::vector<RecordRef> refs;
  for (const auto& each : batch.flows) refs.push_back({RecordKind::kFlow, &each, batch.node});
  return refs;
}

/// As an outbox does: until nothing is left, or so often.
struct Account {
  std::size_t taken = 0;
  std::uint64_t rejected = 0;
  std::size_t left = 0;
  int sends = 0;
  std::string problem;
};
Account send_all(RecordSender& sender, std::vector<RecordRef> refs, int tries) {
  Account account;
  while (!refs.empty() && account.sends < tries) {
    const SendOutcome outcome = sender.send(refs);
    ++account.sends;
    if (!outcome.problem.empty()) account.problem = outcome.problem;
    std::vector<RecordRef> again;
    for (const std::uint32_t i : outcome.again) again.push_back(refs[i]);
    account.rejected += outcome.rejected;
    account.taken += refs.size() - again.size() - outcome.rejected;
    refs.swap(again);
  }
  account.left = refs.size();
  return account;
}

void expect_each_once(const std::map<std::uint64_t, int>& found, std::size_t count) {
  EXPECT_EQ(found.size(), count);
  for (const auto& [id, times] : found) EXPECT_EQ(times, 1) << id;
}

class Kafka : public ::testing::Test {
 protected:
  std::unique_ptr<RecordSender> make(const ExportTarget& target) {
    auto made = make_kafka_sender(target, clock_);
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : nullptr;
  }
  SystemClock clock_;
};

TEST_F(Kafka, AConsumerReadsWhatWasSent) {
  for (const char* codec : {"lz4", "zstd", "snappy", "gzip", "none"}) {
    MockCluster cluster(3);
    auto target = target_at(cluster);
    target.parameters.emplace_back("compression", codec);
    const auto sender = make(target);
    const auto batch = testing::made_flows(2000);
    const auto account = send_all(*sender, refs_of(*batch), 3);
    EXPECT_EQ(account.taken, 2000U) << codec << ": " << account.problem;
    expect_each_once(cluster.consume("netprobe", 2000), 2000);
  }
}

TEST_F(Kafka, BrokersAreAwayAndComeBack) {
  MockCluster cluster(1);
  auto target = target_at(cluster);
  target.timeout = 500 * kMillisecond;
  const auto sender = make(target);
  const auto batch = testing::made_flows(500);
  (void)::rd_kafka_mock_broker_set_down(cluster.mock(), 1);
  const auto away = send_all(*sender, refs_of(*batch), 2);
  EXPECT_EQ(away.taken, 0U);
  EXPECT_EQ(away.left, 500U);
  EXPECT_FALSE(away.problem.empty());
  (void)::rd_kafka_mock_broker_set_up(cluster.mock(), 1);
  const auto back = send_all(*sender, refs_of(*batch), 60);
  EXPECT_EQ(back.taken, 500U) << back.problem;
  expect_each_once(cluster.consume("netprobe", 500), 500);
}

TEST_F(Kafka, TheBrokerGoesInTheMiddle) {
  MockCluster cluster(1);
  auto target = target_at(cluster);
  target.timeout = 300 * kMillisecond;
  target.batch = 20'000;
  const auto sender = make(target);
  const auto batch = testing::made_flows(20'000);
  (void)::rd_kafka_mock_broker_set_rtt(cluster.mock(), 1, 40);
  std::jthread breaker([&] {
    for (int i = 0; i < 5; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(60));
      (void)::rd_kafka_mock_broker_set_down(cluster.mock(), 1);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      (void)::rd_kafka_mock_broker_set_up(cluster.mock(), 1);
    }
  });
  const auto account = send_all(*sender, refs_of(*batch), 200);
  EXPECT_EQ(account.taken, 20'000U) << account.problem;
  EXPECT_EQ(account.rejected, 0U);
  breaker.join();
  (void)::rd_kafka_mock_broker_set_rtt(cluster.mock(), 1, 0);
  expect_each_once(cluster.consume("netprobe", 20'000), 20'000);
}

TEST_F(Kafka, LeadersChangeAndAnswersAreErrors) {
  MockCluster cluster(3);
  const auto sender = make(target_at(cluster));
  const auto batch = testing::made_flows(1000);
  for (int i = 0; i < kPartitions; ++i)
    (void)::rd_kafka_mock_partition_set_leader(cluster.mock(), "netprobe", i, 1);
  ::rd_kafka_mock_push_request_errors(
      cluster.mock(), 0 /* Produce */, 4, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
      RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
      RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
  auto refs = refs_of(*batch);
  const std::vector<RecordRef> half(refs.begin(), refs.begin() + 500);
  const auto first = send_all(*sender, half, 20);
  for (int i = 0; i < kPartitions; ++i)
    (void)::rd_kafka_mock_partition_set_leader(cluster.mock(), "netprobe", i, 2);
  refs.erase(refs.begin(), refs.begin() + 500);
  const auto second = send_all(*sender, refs, 20);
  EXPECT_EQ(first.taken + second.taken, 1000U) << first.problem << second.problem;
  expect_each_once(cluster.consume("netprobe", 1000), 1000);
}

TEST_F(Kafka, WhatIsTooLargeIsRejectedAlone) {
  MockCluster cluster(1);
  auto target = target_at(cluster);
  target.parameters.emplace_back("message_size", "2000");
  target.parameters.emplace_back("compression", "none");
  const auto sender = make(target);
  auto batch = testing::made_flows(50);
  auto large = std::make_shared<Identity>();
  large->name = std::string(5000, 'x');
  batch->flows[7].src = large;
  batch->flows[33].src = large;
  const auto account = send_all(*sender, refs_of(*batch), 5);
  EXPECT_EQ(account.rejected, 2U);
  EXPECT_EQ(account.taken, 48U);
  EXPECT_TRUE(account.problem.contains("too large")) << account.problem;
  const auto found = cluster.consume("netprobe", 48);
  expect_each_once(found, 48);
  EXPECT_FALSE(found.contains(batch->flows[7].flow_id));
}

TEST_F(Kafka, AMissingTopicIsSaidAndWaitedFor) {
  MockCluster cluster(1);
  auto target = target_at(cluster);
  target.path = "/later";
  target.timeout = 4 * kSecond;
  ::rd_kafka_mock_topic_set_error(cluster.mock(), "later", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const auto sender = make(target);
  const auto batch = testing::made_flows(20);
  const auto missing = send_all(*sender, refs_of(*batch), 3);
  EXPECT_EQ(missing.taken, 0U);
  EXPECT_EQ(missing.rejected, 0U);
  EXPECT_TRUE(missing.problem.contains("no topic 'later'")) << missing.problem;
  ::rd_kafka_mock_topic_set_error(cluster.mock(), "later", RD_KAFKA_RESP_ERR_NO_ERROR);
  cluster.create("later");
  const auto there = send_all(*sender, refs_of(*batch), 10);
  EXPECT_EQ(there.taken, 20U) << there.problem;
  expect_each_once(cluster.consume("later", 20), 20);
}

TEST_F(Kafka, AProducerThatFailsForGoodIsMadeAnew) {
  MockCluster cluster(1);
  // What its numbers come from refuses it: it can do nothing more.
  ::rd_kafka_mock_push_request_errors(cluster.mock(), 22 /* InitProducerId */, 1,
                                      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
  const auto sender = make(target_at(cluster));
  const auto batch = testing::made_flows(300);
  const auto refs = refs_of(*batch);
  const auto first = sender->send(refs);
  EXPECT_EQ(first.again.size(), 300U);
  EXPECT_EQ(first.rejected, 0U);
  EXPECT_FALSE(first.problem.empty());
  const auto second = send_all(*sender, refs, 10);
  EXPECT_EQ(second.taken, 300U) << second.problem;
  expect_each_once(cluster.consume("netprobe", 300), 300);
}

TEST_F(Kafka, StopEndsASendThatWaits) {
  MockCluster cluster(1);
  auto target = target_at(cluster);
  target.timeout = 300 * kSecond;
  const auto sender = make(target);
  (void)::rd_kafka_mock_broker_set_down(cluster.mock(), 1);
  const auto batch = testing::made_flows(100);
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    sender->stop();
  });
  EXPECT_EQ(sender->send(refs_of(*batch)).again.size(), 100U);
}

TEST_F(Kafka, SettingsSayWhatIsWrong) {
  const auto problem = [&](auto change) {
    ExportTarget target;
    target.scheme = "kafka";
    target.host = "broker";
    target.port = 9092;
    target.path = "/netprobe";
    change(target);
    const auto settings = kafka::read_settings(target);
    return settings ? std::string("none") : settings.error().message;
  };
  EXPECT_EQ(problem([](ExportTarget&) {}), "none");
  EXPECT_TRUE(problem([](ExportTarget& t) { t.path = ""; }).contains("which topic"));
  EXPECT_TRUE(problem([](ExportTarget& t) { t.path = "/a/b"; }).contains("which topic"));
  EXPECT_TRUE(problem([](ExportTarget& t) { t.host = ""; }).contains("which broker"));
  EXPECT_TRUE(
      problem([](ExportTarget& t) { t.parameters = {{"brokers", "a:b:c"}}; }).contains("brokers"));
  EXPECT_TRUE(
      problem([](ExportTarget& t) { t.parameters = {{"compression", "rar"}}; }).contains("lz4"));
  EXPECT_TRUE(problem([](ExportTarget& t) {
                t.parameters = {{"sasl", "plain"}};
              }).contains("needs a user"));
  EXPECT_TRUE(problem([](ExportTarget& t) {
                t.user = "u";
                t.parameters = {{"sasl", "plain"}};
              }).contains("password_file"));
  EXPECT_EQ(*kafka::read_brokers(" a , b:1,[fd00::1]:2,[::1]"),
            "a:9092,b:1,[fd00::1]:2,[::1]:9092");
}

}  // namespace
}  // namespace netprobe
