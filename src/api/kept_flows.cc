// SPDX-License-Identifier: Apache-2.0
#include "api/kept_flows.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "api/answer_page.h"
#include "api/answer_rows.h"
#include "api/kept_answer.h"
#include "api/kube_json.h"
#include "model/flow_json.h"
#include "model/identity.h"
#include "query/record.h"

namespace netprobe {
namespace {

// What tells flows apart, and what is told of each.
constexpr std::array kKeys{
    FieldId::kNode, FieldId::kFlowId, FieldId::kFirstSeen, FieldId::kSrcIp, FieldId::kDstIp,
    FieldId::kSrcPort, FieldId::kDstPort, FieldId::kProtocol, FieldId::kSrcKind, FieldId::kDstKind,
    FieldId::kSrcName, FieldId::kDstName, FieldId::kSrcNamespace, FieldId::kDstNamespace,
    FieldId::kSrcWorkload, FieldId::kDstWorkload, FieldId::kSrcWorkloadKind,
    FieldId::kDstWorkloadKind, FieldId::kSrcNode, FieldId::kDstNode, FieldId::kSrcZone,
    FieldId::kDstZone, FieldId::kSrcProcess, FieldId::kDstProcess, FieldId::kSrcPid,
    FieldId::kDstPid, FieldId::kService, FieldId::kServiceNamespace, FieldId::kDirection,
    FieldId::kVerdict, FieldId::kVni,
    // Without a key: all labels of an end.
    FieldId::kSrcLabel, FieldId::kDstLabel};

struct Sum {
  AggregateOp op;
  FieldId field;
  const char* name;
};
constexpr std::array kSums{
    Sum{AggregateOp::kSum, FieldId::kPackets, "sum_packets"},
    Sum{AggregateOp::kSum, FieldId::kBytes, "sum_bytes"},
    Sum{AggregateOp::kSum, FieldId::kReversePackets, "sum_reverse_packets"},
    Sum{AggregateOp::kSum, FieldId::kReverseBytes, "sum_reverse_bytes"},
    Sum{AggregateOp::kSum, FieldId::kTotalPackets, "sum_total_packets"},
    Sum{AggregateOp::kSum, FieldId::kTotalBytes, "sum_total_bytes"},
    Sum{AggregateOp::kSum, FieldId::kRetransmits, "sum_retransmits"},
    Sum{AggregateOp::kSum, FieldId::kReverseRetransmits, "sum_reverse_retransmits"},
    Sum{AggregateOp::kSum, FieldId::kResets, "sum_resets"},
    Sum{AggregateOp::kSum, FieldId::kReverseResets, "sum_reverse_resets"},
    Sum{AggregateOp::kMax, FieldId::kLastSeen, "max_last_seen"},
    Sum{AggregateOp::kMax, FieldId::kHandshake, "max_handshake"},
    Sum{AggregateOp::kMax, FieldId::kRtt, "max_rtt"},
    // A record has all flags so far: the newest one's have those before in them.
    Sum{AggregateOp::kMax, FieldId::kTcpFlags, "max_tcp_flags"},
    Sum{AggregateOp::kMax, FieldId::kReverseTcpFlags, "max_reverse_tcp_flags"},
};

struct EndFields {
  FieldId kind, name, name_space, workload, workload_kind, node, zone, process, pid, labels;
};
constexpr EndFields kSrc{FieldId::kSrcKind,     FieldId::kSrcName,         FieldId::kSrcNamespace,
                         FieldId::kSrcWorkload, FieldId::kSrcWorkloadKind, FieldId::kSrcNode,
                         FieldId::kSrcZone,     FieldId::kSrcProcess,      FieldId::kSrcPid,
                         FieldId::kSrcLabel};
constexpr EndFields kDst{FieldId::kDstKind,     FieldId::kDstName,         FieldId::kDstNamespace,
                         FieldId::kDstWorkload, FieldId::kDstWorkloadKind, FieldId::kDstNode,
                         FieldId::kDstZone,     FieldId::kDstProcess,      FieldId::kDstPid,
                         FieldId::kDstLabel};

IdentityPtr identity_of(const AnswerRows& rows, const std::vector<Value>& row,
                        const EndFields& end) {
  const std::string kind = rows.text(row, end.kind);
  if (kind.empty()) return nullptr;
  auto identity = std::make_shared<Identity>();
  for (const auto each :
       {IdentityKind::kPod, IdentityKind::kService, IdentityKind::kNode, IdentityKind::kExternal})
    if (to_string(each) == kind) identity->kind = each;
  identity->name = rows.text(row, end.name);
  identity->name_space = rows.text(row, end.name_space);
  identity->workload = rows.text(row, end.workload);
  identity->workload_kind = rows.text(row, end.workload_kind);
  identity->node = rows.text(row, end.node);
  identity->zone = rows.text(row, end.zone);
  identity->labels = labels_of(rows.text(row, field_name({end.labels, {}})));
  return identity;
}

IdentityPtr service_of(const AnswerRows& rows, const std::vector<Value>& row) {
  const std::string name = rows.text(row, FieldId::kService);
  if (name.empty()) return nullptr;
  auto service = std::make_shared<Identity>();
  service->kind = IdentityKind::kService;
  service->name = name;
  service->name_space = rows.text(row, FieldId::kServiceNamespace);
  return service;
}

Flow flow_of(const AnswerRows& rows, const std::vector<Value>& row) {
  Flow flow;
  flow.id = rows.number(row, FieldId::kFlowId);
  flow.tuple = rows.tuple(row);
  flow.forward = {rows.number(row, "sum_packets"), rows.number(row, "sum_bytes")};
  flow.reverse = {rows.number(row, "sum_reverse_packets"), rows.number(row, "sum_reverse_bytes")};
  flow.first_seen = rows.time(row, FieldId::kFirstSeen);
  flow.last_seen = rows.time(row, "max_last_seen");
  flow.tcp_forward.retransmits = rows.number(row, "sum_retransmits");
  flow.tcp_reverse.retransmits = rows.number(row, "sum_reverse_retransmits");
  flow.tcp_forward.rsts = rows.number(row, "sum_resets");
  flow.tcp_reverse.rsts = rows.number(row, "sum_reverse_resets");
  flow.tcp_forward.flags = static_cast<std::uint8_t>(rows.number(row, "max_tcp_flags"));
  flow.tcp_reverse.flags = static_cast<std::uint8_t>(rows.number(row, "max_reverse_tcp_flags"));
  flow.handshake_rtt = rows.time(row, "max_handshake");
  flow.rtt = rows.time(row, "max_rtt");
  flow.vni = static_cast<std::uint32_t>(rows.number(row, FieldId::kVni));
  flow.direction = rows.word(row, FieldId::kDirection, "egress");
  flow.verdict = rows.word(row, FieldId::kVerdict);
  flow.src_identity = identity_of(rows, row, kSrc);
  flow.dst_identity = identity_of(rows, row, kDst);
  flow.service = service_of(rows, row);
  flow.client_process = rows.process(row, kSrc.process, kSrc.pid);
  flow.server_process = rows.process(row, kDst.process, kDst.pid);
  return flow;
}

/// Puts two parts of one flow together; names and verdict are the newer part's,
/// where it has them.
void join(Flow& flow, Flow&& part) {
  part.forward += flow.forward;
  part.reverse += flow.reverse;
  part.tcp_forward.retransmits += flow.tcp_forward.retransmits;
  part.tcp_reverse.retransmits += flow.tcp_reverse.retransmits;
  part.tcp_forward.flags |= flow.tcp_forward.flags;
  part.tcp_reverse.flags |= flow.tcp_reverse.flags;
  part.tcp_forward.rsts += flow.tcp_forward.rsts;
  part.tcp_reverse.rsts += flow.tcp_reverse.rsts;
  part.handshake_rtt = std::max(part.handshake_rtt, flow.handshake_rtt);
  const bool newer = part.last_seen >= flow.last_seen;
  Flow& names = newer ? part : flow;
  const Flow& others = newer ? flow : part;
  if (!names.src_identity) names.src_identity = others.src_identity;
  if (!names.dst_identity) names.dst_identity = others.dst_identity;
  if (!names.service) names.service = others.service;
  if (!names.client_process) names.client_process = others.client_process;
  if (!names.server_process) names.server_process = others.server_process;
  if (names.verdict.empty()) names.verdict = others.verdict;
  if (!newer) {
    // `part` has the sums, `flow` the names.
    flow.forward = part.forward;
    flow.reverse = part.reverse;
    flow.tcp_forward = part.tcp_forward;
    flow.tcp_reverse = part.tcp_reverse;
    flow.handshake_rtt = part.handshake_rtt;
    return;
  }
  flow = std::move(part);
}

OrderBy order_of(FlowOrder order) {
  switch (order) {
    case FlowOrder::kId:
      return {std::string(field(FieldId::kFirstSeen).name), false};
    case FlowOrder::kBytes:
    case FlowOrder::kRate:  // over one range, who moved most was the fastest
      return {"sum_total_bytes", true};
    case FlowOrder::kPackets:
      return {"sum_total_packets", true};
    case FlowOrder::kLastSeen:
      break;
  }
  return {"max_last_seen", true};
}

/// A cursor of history has the rows before it in its weight, and no flow.
std::size_t offset_of(const FlowsQuery& asked) {
  return asked.cursor && asked.cursor->id == 0
             ? static_cast<std::size_t>(std::min<std::uint64_t>(asked.cursor->weight, kMaxAskRows))
             : 0;
}

}  // namespace

Ask kept_flows_ask(const FlowsQuery& asked) {
  Ask ask{.query = asked.kept, .source = Source::kHistory};
  Query& query = ask.query;
  query.kind = RecordKind::kFlow;
  query.select.clear();
  for (const FieldId id : kKeys) query.by.push_back({id, {}});
  for (const Sum& sum : kSums) query.aggregates.push_back({sum.op, {sum.field, {}}, 0, sum.name});
  query.order = {order_of(asked.order)};
  const std::size_t wanted = std::min(offset_of(asked) + asked.limit + 1, kMaxAskRows);
  query.limit = wanted;
  ask.limits.rows = wanted;
  return ask;
}

std::vector<Flow> flows_of(const QueryAnswer& answer) {
  const AnswerRows rows(answer);
  std::vector<Flow> flows;
  std::map<std::tuple<std::string, std::uint64_t, Nanos>, std::size_t> places;
  for (const auto& row : answer.rows) {
    Flow flow = flow_of(rows, row);
    const auto [place, is_new] = places.try_emplace(
        {rows.text(row, FieldId::kNode), flow.id, flow.first_seen}, flows.size());
    if (is_new)
      flows.push_back(std::move(flow));
    else
      join(flows[place->second], std::move(flow));
  }
  return flows;
}

std::string kept_flows_page(const Found& found, const FlowsQuery& asked) {
  const std::size_t offset = offset_of(asked);
  QueryAnswer page = found.answer;
  const std::size_t all = page.rows.size();
  const bool more = all > offset + asked.limit;
  page.rows.resize(std::min(all, offset + asked.limit));
  page.rows.erase(page.rows.begin(), page.rows.begin() + static_cast<std::ptrdiff_t>(
                                                             std::min(offset, page.rows.size())));
  const auto flows = flows_of(page);

  std::string out;
  JsonObject json(out);
  json.key("flows");
  JsonArray list(out);
  for (const Flow& flow : flows) {
    list.next();
    append_json(out, flow);
  }
  list.close();
  if (more || found.answer.truncated)
    json.null("total");  // counting them all would be another query
  else
    json.number("total", all);
  // A place beyond what one answer may have has no next page.
  const std::size_t next = offset + asked.limit;
  if (more && next + asked.limit < kMaxAskRows)
    json.text("next_cursor", format_cursor({asked.order, next, 0}));
  else
    json.null("next_cursor");
  append_origin(json, out, found.answer, false);
  append_kubernetes(json, out, found.snapshot->kube->status);
  append_answer_completeness(json, out, page_of(found));
  json.close();
  return out;
}

bool reaches_beyond(const Snapshot& snapshot, const FlowsQuery& asked) {
  if (!asked.since && !asked.until) return false;
  if (asked.cursor) return asked.cursor->id == 0;  // pages go on where they began
  if (asked.since && *asked.since < snapshot.started_at) return true;
  return snapshot.table.total_flows > snapshot.table.live_flows;
}

}  // namespace netprobe
