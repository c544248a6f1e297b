// SPDX-License-Identifier: Apache-2.0
#include "api/completeness.h"
#include "api/context.h"
#include "base/json_writer.h"

namespace netprobe {
namespace {

void append_hook(std::string& out, const NetfilterHook& hook) {
  JsonObject json(out);
  json.text("family", hook.family);
  json.text("hook", hook.hook);
  json.flag("counted", hook.counted);
  json.text("rung", hook.rung);
  json.text("why", hook.why);
  json.number("packets", hook.processed.packets);
  json.number("bytes", hook.processed.bytes);
  json.number("dropped", hook.dropped);
  json.flag("dropped_is_bound", hook.dropped_is_bound);
  json.close();
}

void append_rule(std::string& out, const NetfilterRule& rule) {
  JsonObject json(out);
  json.text("family", rule.family);
  json.text("table", rule.table);
  json.text("chain", rule.chain);
  json.text("rule", rule.rule);
  json.number("handle", rule.handle);
  json.text("verdict", rule.verdict);
  if (rule.has_counter) {
    json.number("packets", rule.counters.packets);
    json.number("bytes", rule.counters.bytes);
  } else {
    json.null("packets");
    json.null("bytes");
  }
  json.flag("counts_drops", rule.counts_drops);
  json.close();
}

void append_ruleset(std::string& out, const RulesetState& state) {
  JsonObject json(out);
  json.flag("available", state.available);
  json.text("why", state.why);
  json.number("generation", state.generation);
  json.flag("behind", state.behind);
  json.number("chains", state.chains);
  json.number("rules", state.rules);
  json.number("drop_rules", state.drop_rules);
  json.number("drop_rules_without_counter", state.without_counter);
  json.number("drop_rules_not_shown", state.not_kept);
  if (state.structure_read_at != 0) {
    json.time("rules_read_at", state.structure_read_at);
    json.time("counters_read_at", state.counters_read_at);
  }
  json.key("legacy_tables");
  JsonArray tables(out);
  for (const std::string& table : state.legacy_tables) tables.text(table);
  tables.close();
  json.close();
}

void append_conntrack(std::string& out, const ConntrackStats& stats) {
  JsonObject json(out);
  json.flag("available", stats.available);
  json.text("why", stats.why);
  json.number("entries", stats.entries);
  json.number("limit", stats.limit);
  json.number("insert_failed", stats.insert_failed);
  json.number("dropped", stats.dropped);
  json.number("early_dropped", stats.early_dropped);
  json.number("nat_entries", stats.nat_entries);
  json.text("nat_rung", stats.nat_rung);
  json.close();
}

}  // namespace

std::string netfilter_page(const Snapshot& snapshot) {
  const NetfilterReport& report = snapshot.signals->netfilter;
  std::string out;
  JsonObject json(out);
  json.text("node_name", snapshot.node_name);
  json.time("last_updated", snapshot.signals->taken_at);
  json.key("hooks");
  JsonArray hooks(out);
  for (const auto& hook : report.hooks) {
    hooks.next();
    append_hook(out, hook);
  }
  hooks.close();
  json.key("ruleset");
  append_ruleset(out, report.ruleset);
  json.key("rules");
  JsonArray rules(out);
  for (const auto& rule : report.rules) {
    rules.next();
    append_rule(out, rule);
  }
  rules.close();
  json.key("conntrack");
  append_conntrack(out, report.conntrack);
  append_completeness(json, out, snapshot, {}, {"netfilter"});
  json.close();
  return out;
}

}  // namespace netprobe
