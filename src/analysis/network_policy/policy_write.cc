// SPDX-License-Identifier: Apache-2.0
#include <yaml-cpp/yaml.h>

#include "analysis/network_policy/policy_words.h"
#include "analysis/network_policy/policy_yaml.h"
#include "model/flow.h"

namespace netprobe::network_policy {
namespace {

// "yes", "1" and "null" are texts in labels, and something else to YAML without quotes.
void text(YAML::Emitter& out, const std::string& value) { out << YAML::DoubleQuoted << value; }

void named(YAML::Emitter& out, const char* key) { out << YAML::Key << key << YAML::Value; }

/// Nothing in it ends the comment.
std::string one_line(std::string_view value) {
  std::string line(value);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
  return line;
}

void write(YAML::Emitter& out, const Selector& selector) {
  out << YAML::BeginMap;
  if (!selector.labels.empty()) {
    named(out, "matchLabels");
    out << YAML::BeginMap;
    for (const auto& [key, value] : selector.labels) {
      out << YAML::Key;
      text(out, key);
      out << YAML::Value;
      text(out, value);
    }
    out << YAML::EndMap;
  }
  if (!selector.requirements.empty()) {
    named(out, "matchExpressions");
    out << YAML::BeginSeq;
    for (const Requirement& each : selector.requirements) {
      out << YAML::BeginMap;
      named(out, "key");
      text(out, each.key);
      named(out, "operator");
      out << std::string(word_of(each.op));
      if (!each.values.empty()) {
        named(out, "values");
        out << YAML::BeginSeq;
        for (const std::string& value : each.values) text(out, value);
        out << YAML::EndSeq;
      }
      out << YAML::EndMap;
    }
    out << YAML::EndSeq;
  }
  out << YAML::EndMap;
}

void write(YAML::Emitter& out, const Peer& peer) {
  out << YAML::BeginMap;
  if (peer.block) {
    named(out, "ipBlock");
    out << YAML::BeginMap;
    named(out, "cidr");
    text(out, peer.block->to_string());
    if (!peer.remark.empty()) out << YAML::Comment(one_line(peer.remark));
    if (!peer.except.empty()) {
      named(out, "except");
      out << YAML::BeginSeq;
      for (const IpPrefix& each : peer.except) text(out, each.to_string());
      out << YAML::EndSeq;
    }
    out << YAML::EndMap;
  }
  if (peer.namespaces) {
    named(out, "namespaceSelector");
    write(out, *peer.namespaces);
  }
  if (peer.pods) {
    named(out, "podSelector");
    write(out, *peer.pods);
  }
  out << YAML::EndMap;
}

void write(YAML::Emitter& out, const Port& port) {
  out << YAML::BeginMap;
  named(out, "protocol");
  out << protocol_word(port.protocol);
  if (!port.name.empty()) {
    named(out, "port");
    text(out, port.name);
  } else if (port.first != 0) {
    named(out, "port");
    out << static_cast<unsigned>(port.first);
    if (port.last > port.first) {
      named(out, "endPort");
      out << static_cast<unsigned>(port.last);
    }
  }
  out << YAML::EndMap;
}

void write(YAML::Emitter& out, const std::vector<Rule>& rules, const char* peers) {
  out << YAML::BeginSeq;
  for (const Rule& rule : rules) {
    out << YAML::BeginMap;
    if (!rule.peers.empty()) {
      named(out, peers);
      out << YAML::BeginSeq;
      for (const Peer& each : rule.peers) write(out, each);
      out << YAML::EndSeq;
    }
    if (!rule.ports.empty()) {
      named(out, "ports");
      out << YAML::BeginSeq;
      for (const Port& each : rule.ports) write(out, each);
      out << YAML::EndSeq;
    }
    out << YAML::EndMap;
  }
  out << YAML::EndSeq;
}

}  // namespace

std::string_view word_of(Requirement::Operator op) {
  switch (op) {
    case Requirement::Operator::kIn:
      return "In";
    case Requirement::Operator::kNotIn:
      return "NotIn";
    case Requirement::Operator::kExists:
      return "Exists";
    case Requirement::Operator::kDoesNotExist:
      break;
  }
  return "DoesNotExist";
}

std::string protocol_word(std::uint8_t protocol) {
  std::string word = protocol_name(protocol);
  for (char& c : word)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return word;
}

std::string to_yaml(const Policy& policy, std::span<const std::string> comments) {
  std::string head = "---\n";
  for (const std::string& each : comments) head += "# " + one_line(each) + "\n";
  YAML::Emitter out;
  out.SetOutputCharset(YAML::EscapeNonAscii);
  out << YAML::BeginMap;
  named(out, "apiVersion");
  out << "networking.k8s.io/v1";
  named(out, "kind");
  out << "NetworkPolicy";
  named(out, "metadata");
  out << YAML::BeginMap;
  named(out, "name");
  text(out, policy.name);
  named(out, "namespace");
  text(out, policy.name_space);
  out << YAML::EndMap;
  named(out, "spec");
  out << YAML::BeginMap;
  named(out, "podSelector");
  write(out, policy.pods);
  named(out, "policyTypes");
  out << YAML::BeginSeq;
  if (policy.isolates_ingress) out << "Ingress";
  if (policy.isolates_egress) out << "Egress";
  out << YAML::EndSeq;
  if (policy.isolates_ingress) {
    named(out, "ingress");
    write(out, policy.ingress, "from");
  }
  if (policy.isolates_egress) {
    named(out, "egress");
    write(out, policy.egress, "to");
  }
  out << YAML::EndMap << YAML::EndMap;
  return head + out.c_str() + "\n";
}

}  // namespace netprobe::network_policy
