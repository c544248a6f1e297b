// SPDX-License-Identifier: Apache-2.0
#include "export/kafka/kafka_sender.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "export/kafka/kafka_settings.h"
#include "export/kafka/producer.h"
#include "outbox/field_selection.h"
#include "outbox/record_json.h"
#include "query/record.h"

namespace netprobe {
namespace {

using kafka::Fate;
using kafka::KeyBy;
using kafka::Producer;
using kafka::Settings;

constexpr std::uint16_t kPort = 9092;
// Each partition's part of it is a request of its own, and wakes threads of the client.
constexpr std::size_t kBatch = 4000;
// Messages that are handed over together. One whose answer is late keeps the text of all.
constexpr std::size_t kTogether = 32;
constexpr Nanos kLook = 50 * kMillisecond;  // how soon stop() is seen

/// A record as one and the same when it comes again: it stays where it is while its
/// outbox waits for it.
using RecordKey = std::pair<const RecordBase*, Micros>;
RecordKey key_of(const RecordRef& record) { return {record.record, record.record->time}; }

/// Messages that had no answer in time stay with the producer, which sends them again
/// under their old numbers; a record that comes again while its message is still there
/// is not made into another. So nothing is written twice.
class KafkaSender final : public RecordSender {
 public:
  KafkaSender(ExportTarget target, Settings settings)
      : target_(std::move(target)),
        settings_(std::move(settings)),
        json_(FieldSelection(target_)) {}

  SendOutcome send(std::span<const RecordRef> records) override {
    const SystemClock clock;
    const Nanos deadline = clock.monotonic() + target_.timeout;
    if (Status s = ensure_producer(); !s)
      return SendOutcome::retry_all(records.size(), s.error().message);
    problem_.clear();
    bytes_ = 0;
    std::vector<std::uint64_t> tokens(records.size());
    std::size_t next = 0;
    while (!stopped_) {
      next = put_some(records, next, tokens);
      if (next == records.size() && waiting_ == 0) break;
      if (clock.monotonic() >= deadline || producer_->is_dead()) break;
      producer_->poll(std::min(kLook, deadline - clock.monotonic()));
    }
    producer_->poll(0);
    const bool dead = producer_->is_dead();
    SendOutcome outcome = settle(records, next, tokens, dead);
    if (dead) bury();
    return outcome;
  }

  void idle() override {
    if (producer_) producer_->poll(0);
  }
  void stop() override { stopped_ = true; }

 private:
  struct Message {
    RecordKey record;
    /// What the producer reads of it, as long as it is not settled; of a few messages.
    std::shared_ptr<const std::string> text;
    bool settled = false;
    Fate fate = Fate::kAgain;
  };
  /// A message in a text of a few: from where to where.
  struct Written {
    std::size_t place = 0;  ///< of its record
    RecordKey record;
    std::size_t key = 0;
    std::size_t value = 0;
    std::size_t end = 0;
  };

  Status ensure_producer() {
    if (producer_) return {};
    // A password may have been changed.
    auto settings = kafka::read_settings(target_);
    if (!settings) return std::unexpected(settings.error());
    auto made =
        Producer::make(*settings, [this](std::uint64_t token, Fate fate, const std::string& why) {
          Message* message = message_of(token);
          if (message == nullptr || message->settled) return;
          message->settled = true;
          message->fate = fate;
          message->text = nullptr;
          --waiting_;
          if (fate != Fate::kTaken && problem_.empty()) problem_ = why;
        });
    if (!made) return std::unexpected(made.error());
    producer_ = std::move(*made);
    return {};
  }

  void bury() {
    producer_.reset();
    first_token_ += messages_.size();
    messages_.clear();
    late_.clear();
    by_record_.clear();
    waiting_ = 0;
  }

  /// Null: there is none any more.
  Message* message_of(std::uint64_t token) {
    if (token < first_token_) {
      const auto late = late_.find(token);
      return late == late_.end() ? nullptr : &late->second;
    }
    const std::uint64_t place = token - first_token_;
    return place < messages_.size() ? &messages_[place] : nullptr;
  }

  void append_key(std::string& out, const RecordRef& record) const {
    switch (settings_.key) {
      case KeyBy::kWorkload: {
        const EndNames src = end_names(record.record->src.get());
        if (!src.workload.empty()) {
          out.append(src.name_space).append("/").append(src.workload);
        } else {
          record.record->tuple.src.append_to(out);
        }
        break;
      }
      case KeyBy::kFlow:
        if (record.kind == RecordKind::kFlow)
          out += std::to_string(static_cast<const FlowRecord*>(record.record)->flow_id);
        else
          out += record.node;
        break;
      case KeyBy::kNode:
        out += record.node;
        break;
      case KeyBy::kNone:
        break;
    }
  }

  /// From `next` on, until the producer is full; returns the first that was not put.
  std::size_t put_some(std::span<const RecordRef> records, std::size_t next,
                       std::vector<std::uint64_t>& tokens) {
    while (next < records.size()) {
      const std::size_t after = write_some(records, next, tokens);
      next = put_written(after, tokens);
      if (next != after) break;
    }
    return next;
  }

  /// Writes a few messages, from `next` on; returns the record behind them.
  std::size_t write_some(std::span<const RecordRef> records, std::size_t next,
                         std::vector<std::uint64_t>& tokens) {
    written_.clear();
    auto text = std::make_shared<std::string>();
    text->reserve(last_text_);
    for (; next < records.size() && written_.size() < kTogether; ++next) {
      const RecordRef& record = records[next];
      if (!by_record_.empty()) {
        if (const auto known = by_record_.find(key_of(record)); known != by_record_.end()) {
          tokens[next] = known->second;
          continue;
        }
      }
      prefetch(records, next);
      Written& written = written_.emplace_back();
      written.place = next;
      written.record = key_of(record);
      written.key = text->size();
      append_key(*text, record);
      written.value = text->size();
      json_.append(*text, record);
      written.end = text->size();
    }
    last_text_ = std::max(last_text_, text->size());
    text_ = std::move(text);
    return next;
  }

  /// Returns the first record that found no room; `after` where all did.
  std::size_t put_written(std::size_t after, std::vector<std::uint64_t>& tokens) {
    const std::string_view text = *text_;
    const std::uint64_t first = first_token_ + messages_.size();
    letters_.clear();
    for (const Written& each : written_)
      letters_.push_back({.key = text.substr(each.key, each.value - each.key),
                          .value = text.substr(each.value, each.end - each.value),
                          .token = first + letters_.size()});
    producer_->put(letters_);
    // Those at the end that found no room may find some soon.
    std::size_t put = letters_.size();
    while (put > 0 && letters_[put - 1].put == Producer::Put::kFull) --put;
    for (std::size_t i = 0; i < put; ++i) {
      const Producer::Letter& letter = letters_[i];
      const bool queued = letter.put == Producer::Put::kQueued;
      const bool rejected = letter.put == Producer::Put::kRejected;
      tokens[written_[i].place] = letter.token;
      messages_.push_back({.record = written_[i].record,
                           .text = queued ? text_ : nullptr,
                           .settled = !queued,
                           .fate = rejected ? Fate::kRejected : Fate::kAgain});
      if (queued) {
        ++waiting_;
        bytes_ += letter.value.size();
      } else if (problem_.empty()) {
        problem_ = letter.why;
      }
    }
    text_ = nullptr;
    if (put == letters_.size()) return after;
    problem_ = letters_[put].why;
    return written_[put].place;
  }

  /// The record is known when it comes again.
  void keep(std::uint64_t token, const Message& message) {
    if (token < first_token_) return;  // it is
    by_record_.emplace(message.record, token);
    late_.emplace(token, message);
  }

  SendOutcome settle(std::span<const RecordRef> records, std::size_t put,
                     const std::vector<std::uint64_t>& tokens, bool dead) {
    SendOutcome outcome;
    outcome.bytes = bytes_;
    bool any_waits = false;
    for (std::size_t i = 0; i < records.size(); ++i) {
      Message* message = i < put ? message_of(tokens[i]) : nullptr;
      if (message == nullptr || !message->settled) {
        any_waits = true;
        outcome.again.push_back(static_cast<std::uint32_t>(i));
        if (message != nullptr) keep(tokens[i], *message);
        continue;
      }
      if (message->fate == Fate::kAgain) outcome.again.push_back(static_cast<std::uint32_t>(i));
      if (message->fate == Fate::kRejected) ++outcome.rejected;
      if (tokens[i] < first_token_) {
        by_record_.erase(message->record);
        late_.erase(tokens[i]);
      }
    }
    first_token_ += messages_.size();
    messages_.clear();
    outcome.problem = problem_;
    if (any_waits && !producer_->trouble().empty()) {
      outcome.problem = producer_->trouble();
    } else if (any_waits && outcome.problem.empty()) {
      outcome.problem = dead ? "the producer had to be made anew"
                             : "no broker has confirmed the messages in time";
    }
    return outcome;
  }

  const ExportTarget target_;
  const Settings settings_;
  RecordJson json_;
  std::vector<Message> messages_;  ///< of this send(), by token, which count on
  std::uint64_t first_token_ = 1;  ///< of them
  /// Those that had no answer when their send() was over.
  std::map<std::uint64_t, Message> late_;
  std::map<RecordKey, std::uint64_t> by_record_;
  std::size_t waiting_ = 0;  ///< of them, not settled
  std::uint64_t bytes_ = 0;
  std::string problem_;
  std::vector<Written> written_;             ///< of write_some()
  std::shared_ptr<const std::string> text_;  ///< of them
  std::vector<Producer::Letter> letters_;
  std::size_t last_text_ = 0;  ///< the largest: the next one is about as large
  std::atomic<bool> stopped_ = false;
  std::unique_ptr<Producer> producer_;  ///< last: it calls back, and reads messages' texts
};

}  // namespace

const ExportScheme kKafkaExport{.scheme = "kafka",
                                .default_port = kPort,
                                .parameters = kafka::parameters(),
                                .example = "kafka://broker:9092/netprobe?brokers=broker2:9092",
                                .batch = kBatch};
const ExportScheme kKafkaTlsExport{.scheme = "kafka+tls",
                                   .default_port = kPort,
                                   .parameters = kafka::parameters(),
                                   .example =
                                       "kafka+tls://user@broker:9093/netprobe?sasl=scram-sha-512&"
                                       "password_file=/etc/netprobe/kafka",
                                   .batch = kBatch};

Result<std::unique_ptr<RecordSender>> make_kafka_sender(const ExportTarget& target,
                                                        const Clock& clock) {
  (void)clock;
  auto settings = kafka::read_settings(target);
  if (!settings) return std::unexpected(settings.error());
  return std::make_unique<KafkaSender>(target, std::move(*settings));
}

}  // namespace netprobe
