// SPDX-License-Identifier: Apache-2.0
#include "link/sums_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "link/proto/netprobe.pb.h"
#include "query/field.h"

namespace netprobe {
namespace {

constexpr int kMaxPairs = 200'000;
constexpr std::size_t kMaxLost = 256;

void put(const WorkloadName& from, v1::WorkloadName& to) {
  to.set_name_space(from.name_space);
  to.set_kind(from.kind);
  to.set_name(from.name);
}

WorkloadName name(const v1::WorkloadName& from) {
  return {.name_space = from.name_space(), .kind = from.kind(), .name = from.name()};
}

std::string_view direction(const std::string& word) {
  const auto words = field(FieldId::kDirection).words;
  const auto found = std::ranges::find(words, word);
  return found == words.end() ? std::string_view() : *found;  // of a later version
}

TcpTrouble less(TcpTrouble all, const TcpTrouble& part) {
  all.retransmits -= part.retransmits;
  all.out_of_order -= part.out_of_order;
  all.zero_windows -= part.zero_windows;
  all.resets -= part.resets;
  return all;
}

/// What this node alone counts.
WorkloadPair without_elsewhere(WorkloadPair pair) {
  const WorkloadElsewhere& part = pair.elsewhere;
  pair.flows -= part.flows;
  pair.connections -= part.connections;
  pair.forward = {pair.forward.packets - part.forward.packets,
                  pair.forward.bytes - part.forward.bytes};
  pair.reverse = {pair.reverse.packets - part.reverse.packets,
                  pair.reverse.bytes - part.reverse.bytes};
  pair.client_trouble = less(pair.client_trouble, part.client_trouble);
  pair.server_trouble = less(pair.server_trouble, part.server_trouble);
  for (std::size_t i = 0; i < part.handshake.counts.size(); ++i)
    pair.handshake.counts[i] -= part.handshake.counts[i];
  pair.handshake.sum -= part.handshake.sum;
  return pair;
}

}  // namespace

void encode_sums(const Snapshot& snapshot, v1::SumsReply& to) {
  to.set_started(to_micros(snapshot.started_at));
  to.set_folded_flows(snapshot.workloads.folded);
  for (const WorkloadPair& all : snapshot.workloads.pairs) {
    const WorkloadPair pair = without_elsewhere(all);
    if (pair.flows == 0 && pair.forward.packets == 0 && pair.reverse.packets == 0 &&
        pair.dropped == 0)
      continue;
    v1::PairSums& sums = *to.add_pairs();
    put(pair.src, *sums.mutable_src());
    put(pair.dst, *sums.mutable_dst());
    sums.set_direction(pair.direction.data(), pair.direction.size());
    sums.set_flows(pair.flows);
    sums.set_connections(pair.connections);
    sums.set_packets(pair.forward.packets);
    sums.set_bytes(pair.forward.bytes);
    sums.set_reverse_packets(pair.reverse.packets);
    sums.set_reverse_bytes(pair.reverse.bytes);
    sums.set_retransmits(pair.client_trouble.retransmits);
    sums.set_reverse_retransmits(pair.server_trouble.retransmits);
    sums.set_resets(pair.client_trouble.resets);
    sums.set_reverse_resets(pair.server_trouble.resets);
    sums.set_out_of_order(pair.client_trouble.out_of_order);
    sums.set_reverse_out_of_order(pair.server_trouble.out_of_order);
    sums.set_zero_windows(pair.client_trouble.zero_windows);
    sums.set_reverse_zero_windows(pair.server_trouble.zero_windows);
    sums.set_dropped(pair.dropped);
    for (const std::uint64_t count : pair.handshake.counts) sums.add_handshakes(count);
    sums.set_handshake_sum(static_cast<double>(pair.handshake.sum) / kSecond);
  }
  encode_lost(snapshot.losses, *to.mutable_lost());
}

Result<WorkloadReport> decode_sums(const v1::SumsReply& from) {
  if (from.pairs_size() > kMaxPairs)
    return fail(fmt::format("sums of {} pairs; {} are taken", from.pairs_size(), kMaxPairs));
  WorkloadReport report;
  report.folded = from.folded_flows();
  report.pairs.reserve(static_cast<std::size_t>(from.pairs_size()));
  for (const v1::PairSums& sums : from.pairs()) {
    WorkloadPair& pair = report.pairs.emplace_back();
    pair.src = name(sums.src());
    pair.dst = name(sums.dst());
    pair.direction = direction(sums.direction());
    pair.flows = sums.flows();
    pair.connections = sums.connections();
    pair.forward = {sums.packets(), sums.bytes()};
    pair.reverse = {sums.reverse_packets(), sums.reverse_bytes()};
    pair.client_trouble = {.retransmits = sums.retransmits(),
                           .out_of_order = sums.out_of_order(),
                           .zero_windows = sums.zero_windows(),
                           .resets = sums.resets()};
    pair.server_trouble = {.retransmits = sums.reverse_retransmits(),
                           .out_of_order = sums.reverse_out_of_order(),
                           .zero_windows = sums.reverse_zero_windows(),
                           .resets = sums.reverse_resets()};
    pair.dropped = sums.dropped();
    // Of other bounds than ours nobody can say which is which.
    if (static_cast<std::size_t>(sums.handshakes_size()) == kLatencyBounds.size() + 1)
      pair.handshake.counts.assign(sums.handshakes().begin(), sums.handshakes().end());
    const double seconds = sums.handshake_sum();
    if (seconds > 0 && seconds < 1e9 && !pair.handshake.counts.empty())
      pair.handshake.sum = static_cast<Nanos>(seconds * kSecond);
  }
  return report;
}

void encode_lost(const std::vector<LossCounter>& losses,
                 google::protobuf::RepeatedPtrField<v1::Lost>& to) {
  for (const LossCounter& loss : losses) {
    if (loss.count == 0) continue;
    v1::Lost& added = *to.Add();
    added.set_stage(loss.stage);
    added.set_cause(loss.cause);
    added.set_count(loss.count);
  }
}

LostList decode_lost(const google::protobuf::RepeatedPtrField<v1::Lost>& from) {
  std::map<std::string, std::uint64_t> sums;
  for (const v1::Lost& lost : from) {
    if (lost.stage().size() > 64 || lost.cause().size() > 64) continue;
    if (sums.size() == kMaxLost) break;
    sums[lost.stage() + "/" + lost.cause()] += lost.count();
  }
  return {sums.begin(), sums.end()};
}

}  // namespace netprobe
