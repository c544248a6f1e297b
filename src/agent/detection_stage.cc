// SPDX-License-Identifier: Apache-2.0
#include "agent/detection_stage.h"

#include <algorithm>
#include <utility>

namespace netprobe {
namespace {

// A flow takes one or two microseconds: so many do not hold up the ring.
constexpr std::size_t kFlowsPerCycle = 1'000;
constexpr std::size_t kConnectionsPerCycle = 1'000;
constexpr Nanos kRound = kSecond;
constexpr std::uint16_t kDnsPort = 53;

/// Something that is named as a flow is.
Flow flow_between(const IpAddress& src, const IpAddress& dst, Micros time) {
  Flow flow;
  flow.tuple.src = src;
  flow.tuple.dst = dst;
  flow.first_seen = flow.last_seen = time * kMicrosecond;
  return flow;
}

}  // namespace

DetectionStage::DetectionStage(HistoryFeedOptions options, HistoryNaming naming, const Clock& clock,
                               FlowTable& table, HistoryFeed::Write take)
    : clock_(clock),
      table_(table),
      naming_(naming),
      feed_(std::move(options), std::move(naming), clock, std::move(take)) {
  table_.watch_growth(&feed_, GrowthListener::kDetection);
}

DetectionStage::~DetectionStage() { table_.watch_growth(nullptr, GrowthListener::kDetection); }

void DetectionStage::take_connections(std::size_t most) {
  const auto each = [this](const Connection& connection) { feed_.on_connection(connection); };
  ended_.take(most, each);
}

void DetectionStage::on_names(NameBatchPtr batch) {
  const std::size_t names = batch->size();
  if (!names_.push(std::move(batch))) names_lost_ += names;
}

void DetectionStage::hand_over_names() {
  for (NameBatchPtr& batch : names_.take()) {
    for (DnsMessage& message : batch->dns) {
      Flow flow = flow_between(message.client, message.server, message.time);
      flow.tuple.src_port = message.client_port;
      flow.tuple.dst_port = kDnsPort;
      flow.tuple.protocol = kProtoUdp;
      name(flow);
      message.client_identity = std::move(flow.src_identity);
      message.server_identity = std::move(flow.dst_identity);
      message.client_process = std::move(flow.client_process);
    }
    for (NeighbourClaim& claim : batch->neighbours) {
      if (!naming_.name || claim.address.is_unspecified()) continue;
      Flow flow = flow_between(claim.address, claim.other, claim.time);
      naming_.name(flow);
      claim.holder = std::move(flow.src_identity);
    }
    if (take_names_) take_names_(std::move(batch));
  }
}

void DetectionStage::name(Flow& flow) const {
  naming_.judge(flow);
  if (naming_.name) naming_.name(flow);
}

bool DetectionStage::cycle() {
  const Nanos now = clock_.monotonic();
  hand_over_names();
  if (!taking_) {
    if (now < next_) return false;
    taking_ = true;
    began_ = now;
    spent_ = 0;
    feed_.begin_cut(clock_.wall());
  }
  take_connections(kConnectionsPerCycle);
  const bool more = table_.take_growth(GrowthListener::kDetection, kFlowsPerCycle);
  const Nanos after = clock_.monotonic();
  spent_ += after - now;
  if (more) return true;
  end(after);
  return false;
}

void DetectionStage::end(Nanos now) {
  feed_.end_cut();
  feed_.hand_over(false);
  taking_ = false;
  next_ = std::max(began_ + kRound, now + spent_);
}

void DetectionStage::finish() {
  hand_over_names();
  take_connections(FlowTable::kAll);
  take_connections(FlowTable::kAll);
  if (!taking_) feed_.begin_cut(clock_.wall());
  table_.take_growth(GrowthListener::kDetection);
  end(clock_.monotonic());
}

std::vector<LossCounter> DetectionStage::losses() const {
  return {{"detect", "connection_queue_full", ended_.lost()},
          {"detect", "name_hand_over_full", names_lost_}};
}

}  // namespace netprobe
