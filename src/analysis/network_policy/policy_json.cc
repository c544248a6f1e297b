// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_policy/policy_json.h"

#include "analysis/network_policy/policy_words.h"
#include "base/json_writer.h"

namespace netprobe::network_policy {
namespace {

void append_texts(JsonObject& json, std::string& out, std::string_view key, const auto& values,
                  auto text_of) {
  json.key(key);
  JsonArray list(out);
  for (const auto& each : values) list.text(text_of(each));
  list.close();
}

void append_json(std::string& out, const Selector& selector) {
  JsonObject json(out);
  if (!selector.labels.empty()) {
    json.key("matchLabels");
    JsonObject labels(out);
    for (const auto& [key, value] : selector.labels) {
      labels.foreign_key(key);
      append_json_string(out, value);
    }
    labels.close();
  }
  if (!selector.requirements.empty()) {
    json.key("matchExpressions");
    JsonArray list(out);
    for (const Requirement& each : selector.requirements) {
      list.next();
      JsonObject one(out);
      one.text("key", each.key);
      one.text("operator", word_of(each.op));
      if (!each.values.empty())
        append_texts(one, out, "values", each.values, [](const std::string& text) { return text; });
      one.close();
    }
    list.close();
  }
  json.close();
}

void append_json(std::string& out, const Peer& peer) {
  JsonObject json(out);
  if (peer.block) {
    json.key("ipBlock");
    JsonObject block(out);
    block.text("cidr", peer.block->to_string());
    if (!peer.except.empty())
      append_texts(block, out, "except", peer.except,
                   [](const IpPrefix& each) { return each.to_string(); });
    block.close();
  }
  if (peer.namespaces) {
    json.key("namespaceSelector");
    append_json(out, *peer.namespaces);
  }
  if (peer.pods) {
    json.key("podSelector");
    append_json(out, *peer.pods);
  }
  json.close();
}

void append_json(std::string& out, const Port& port) {
  JsonObject json(out);
  json.text("protocol", protocol_word(port.protocol));
  if (!port.name.empty()) {
    json.text("port", port.name);
  } else if (port.first != 0) {
    json.number("port", port.first);
    if (port.last > port.first) json.number("endPort", port.last);
  }
  json.close();
}

void append_list(JsonObject& json, std::string& out, std::string_view key, const auto& values) {
  if (values.empty()) return;
  json.key(key);
  JsonArray list(out);
  for (const auto& each : values) {
    list.next();
    append_json(out, each);
  }
  list.close();
}

void append_rules(JsonObject& json, std::string& out, std::string_view direction,
                  const std::vector<Rule>& rules, std::string_view peers) {
  json.key(direction);
  JsonArray list(out);
  for (const Rule& rule : rules) {
    list.next();
    JsonObject one(out);
    append_list(one, out, peers, rule.peers);
    append_list(one, out, "ports", rule.ports);
    one.close();
  }
  list.close();
}

}  // namespace

void append_json(std::string& out, const Policy& policy) {
  JsonObject json(out);
  json.text("apiVersion", "networking.k8s.io/v1");
  json.text("kind", "NetworkPolicy");
  json.key("metadata");
  JsonObject meta(out);
  meta.text("name", policy.name);
  meta.text("namespace", policy.name_space);
  meta.close();
  json.key("spec");
  JsonObject spec(out);
  spec.key("podSelector");
  append_json(out, policy.pods);
  spec.key("policyTypes");
  JsonArray types(out);
  if (policy.isolates_ingress) types.text("Ingress");
  if (policy.isolates_egress) types.text("Egress");
  types.close();
  if (policy.isolates_ingress) append_rules(spec, out, "ingress", policy.ingress, "from");
  if (policy.isolates_egress) append_rules(spec, out, "egress", policy.egress, "to");
  spec.close();
  json.close();
}

}  // namespace netprobe::network_policy
