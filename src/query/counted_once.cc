// SPDX-License-Identifier: Apache-2.0
#include "query/distribute.h"
#include "query/expr.h"

namespace netprobe {
namespace {

ExprPtr reported_by(std::string_view side) {
  return compare({FieldId::kReporter, {}}, CompareOp::kEqual, Value(std::string(side)));
}

/// That nobody tells of this end: its node is not known, or silent.
ExprPtr untold(FieldId node, const std::vector<std::string>& silent) {
  const FieldRef ref{node, {}};
  std::vector<ExprPtr> any{is_none(ref)};
  if (silent.empty()) return any.front();
  Expr::Compare among{.field = ref, .op = CompareOp::kIn};
  for (const std::string& name : silent) among.values.emplace_back(Value(name));
  if (silent.size() == 1) among.op = CompareOp::kEqual;
  any.push_back(std::make_shared<const Expr>(Expr{std::move(among)}));
  return any_of(std::move(any));
}

}  // namespace

Query counted_once(Query query, const std::vector<std::string>& silent) {
  // A drop, a socket or an alert is on one node, whoever else saw its packets.
  if (query.kind != RecordKind::kFlow) return query;
  const ExprPtr no_src = untold(FieldId::kSrcNode, silent);
  const ExprPtr no_dst = untold(FieldId::kDstNode, silent);
  // A node that hands a stranger's flow on to a service's backend on another node puts
  // its own address on it: that node takes it for src's and leaves it to this one.
  const ExprPtr handed_on = negate(is_none({FieldId::kService, {}}));
  ExprPtr once = any_of({reported_by("src"), all_of({reported_by("dst"), no_src}),
                         all_of({reported_by("other"), no_src, any_of({no_dst, handed_on})})});
  query.filter = query.filter ? all_of({query.filter, std::move(once)}) : std::move(once);
  return query;
}

}  // namespace netprobe
