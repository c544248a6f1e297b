// SPDX-License-Identifier: Apache-2.0
#include "link/record_reader.h"

#include <algorithm>
#include <optional>

#include "query/schema.h"

namespace netprobe {
namespace {

constexpr char kSeparator = '\x1f';  // of labels_text()
// Columns of names, as query/schema.h has them: of src, and the same of dst.
constexpr std::array<std::string_view, 8> kNameColumns{
    "src_kind",          "src_name", "src_namespace", "src_workload",
    "src_workload_kind", "src_node", "src_zone",      "src_labels"};

std::size_t position_of(std::string_view name) {
  const auto columns = table_columns(RecordKind::kFlow);
  const auto found = std::ranges::find(columns, name, &TableColumn::name);
  return static_cast<std::size_t>(found - columns.begin());
}

/// Nothing where the text is a kind that this version does not know.
std::optional<IdentityKind> kind_of(std::string_view text) {
  for (const auto kind :
       {IdentityKind::kPod, IdentityKind::kService, IdentityKind::kNode, IdentityKind::kExternal})
    if (to_string(kind) == text) return kind;
  return std::nullopt;
}

KubeLabels labels_from(std::string_view text) {
  KubeLabels labels;
  while (!text.empty()) {
    const auto end = std::min(text.find(kSeparator), text.size());
    const auto label = text.substr(0, end);
    const auto equals = label.find('=');
    if (equals != std::string_view::npos)
      labels.emplace_back(label.substr(0, equals), label.substr(equals + 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  std::ranges::sort(labels);
  return labels;
}

std::uint64_t pair_of(std::uint32_t high, std::uint32_t low) {
  return static_cast<std::uint64_t>(high) << 32U | low;
}

Role role_from(std::string_view word) {
  for (const auto role : {Role::kPod, Role::kLoopback, Role::kBridge, Role::kTunnel, Role::kUplink})
    if (to_string(role) == word) return role;
  return Role::kHost;
}

}  // namespace

std::size_t RecordReader::NamesHash::operator()(const Names& names) const {
  std::uint64_t hash = 0;
  for (const std::uint32_t name : names) hash = (hash ^ name) * 0x9e3779b97f4a7c15;
  return hash ^ hash >> 32U;
}

RecordReader::RecordReader(TableReader table, TextBudget& budget, KnownNames& names,
                           LeftOut& left_out)
    : table_(std::move(table)), budget_(budget), names_(names), left_out_(left_out) {
  for (std::size_t i = 0; i < kNames; ++i) {
    std::string name(kNameColumns.at(i));
    src_.columns.at(i) = static_cast<std::uint32_t>(position_of(name));
    name.replace(0, 3, "dst");
    dst_.columns.at(i) = static_cast<std::uint32_t>(position_of(name));
  }
}

std::string RecordReader::copy(const std::string& text) {
  // Short ones need no memory of their own.
  if (text.size() < 16 || budget_.take(text.size())) return text;
  over_ = true;
  return {};
}

IdentityPtr RecordReader::make_identity(const Side& side, const Names& names) {
  const auto text = [&](std::size_t i) -> const std::string& {
    return table_.text_at(side.columns.at(i), names.at(i));
  };
  const std::string& kind = text(0);
  const std::string& name = text(1);
  if (kind.empty() && name.empty()) return nullptr;
  auto identity = std::make_shared<Identity>();
  // What is not of Kubernetes as this version knows it has a name at least.
  const auto known_kind = kind_of(kind);
  if (!known_kind && !kind.empty()) left_out_.add("kind", kind);
  identity->kind = known_kind.value_or(IdentityKind::kExternal);
  identity->name = copy(name);
  identity->name_space = copy(text(2));
  identity->workload = copy(text(3));
  identity->workload_kind = copy(text(4));
  identity->node = copy(text(5));
  identity->zone = copy(text(6));
  // A label of a few bytes takes two strings.
  const std::string& label_text = text(7);
  if (!budget_.take(label_text.size() * 16)) over_ = true;
  if (!over_) identity->labels = labels_from(label_text);
  return identity;
}

IdentityPtr RecordReader::identity(Side& side, const Names& names) {
  if (names == side.last) return side.last_identity;
  const auto [at, added] = side.identities.try_emplace(names);
  if (added) {
    key_.clear();
    for (std::size_t i = 0; i < kNames; ++i) {
      const std::string& text = table_.text_at(side.columns.at(i), names.at(i));
      const auto size = static_cast<std::uint32_t>(text.size());
      key_.append(reinterpret_cast<const char*>(&size), sizeof(size));
      key_ += text;
    }
    if (!budget_.take(key_.size() / 8)) over_ = true;
    at->second = names_.identity(key_, [&] { return make_identity(side, names); });
  }
  side.last = names;
  side.last_identity = at->second;
  return at->second;
}

ProcessPtr RecordReader::process(Side& side, std::size_t column, std::uint32_t name,
                                 std::uint32_t pid) {
  const std::string& text = table_.text_at(column, name);
  if (pid == 0 && text.empty()) return nullptr;
  const auto [at, added] = side.processes.try_emplace(pair_of(name, pid));
  if (added) {
    key_.assign(reinterpret_cast<const char*>(&pid), sizeof(pid));
    key_ += text;
    at->second = names_.process(key_, [&]() -> ProcessPtr {
      auto process = std::make_shared<ProcessRef>();
      process->pid = pid;
      process->comm = copy(text);
      return process;
    });
  }
  return at->second;
}

IdentityPtr RecordReader::service(std::uint32_t name, std::uint32_t name_space) {
  static const auto kName = position_of("service");
  const std::string& text = table_.text_at(kName, name);
  if (text.empty()) return nullptr;
  const auto [at, added] = services_.try_emplace(pair_of(name, name_space));
  if (added) {
    auto identity = std::make_shared<Identity>();
    identity->kind = IdentityKind::kService;
    identity->name = copy(text);
    identity->name_space = copy(table_.text_at(kName + 1, name_space));
    at->second = std::move(identity);
  }
  return at->second;
}

std::string_view RecordReader::known(Known& known, FieldId id) {
  const std::size_t column = table_.column();
  const std::uint32_t position = table_.word();
  if (!known.made) {
    known.made = true;
    const auto words = field(id).words;
    for (std::uint32_t i = 0; i < table_.texts(column); ++i) {
      const std::string& text = table_.text_at(column, i);
      const auto found = std::ranges::find(words, text);
      if (found == words.end() && !text.empty()) left_out_.add(field(id).name, text);
      known.words.push_back(found == words.end() ? std::string_view() : *found);
    }
  }
  return known.words[position];
}

void RecordReader::base(std::size_t row, RecordBase& to) {
  TableReader& from = table_;
  from.go_to(row);
  Names src{};
  Names dst{};
  to.time = from.signed_();
  (void)from.word();  // node: of the whole batch
  to.tuple.src = from.address();
  to.tuple.dst = from.address();
  to.tuple.src_port = u16();
  to.tuple.dst_port = u16();
  to.tuple.protocol = u8();
  for (std::size_t i = 0; i < kNames; ++i) {
    src[i] = from.word();
    dst[i] = from.word();
  }
  to.src = identity(src_, src);
  to.dst = identity(dst_, dst);
  const std::size_t process_column = from.column();
  const std::uint32_t src_process = from.word();
  const std::uint32_t dst_process = from.word();
  const auto src_pid = static_cast<std::uint32_t>(from.unsigned_());
  const auto dst_pid = static_cast<std::uint32_t>(from.unsigned_());
  to.src_process = process(src_, process_column, src_process, src_pid);
  to.dst_process = process(dst_, process_column + 1, dst_process, dst_pid);
  const std::uint32_t service_name = from.word();
  to.service = service(service_name, from.word());
  to.direction = known(directions_, FieldId::kDirection);
  to.verdict = known(verdicts_, FieldId::kVerdict);
  to.interface = copied();
}

void RecordReader::read(std::size_t row, FlowRecord& to) {
  base(row, to);
  TableReader& from = table_;
  to.role = role_from(known(roles_, FieldId::kRole));
  to.vni = static_cast<std::uint32_t>(from.unsigned_());
  to.vlan = u16();
  to.dscp = u8();
  to.icmp = u16();
  to.tcp_flags = u8();
  to.reverse_tcp_flags = u8();
  to.nat = from.unsigned_() != 0;
  to.translated.src = from.address();
  to.translated.dst = from.address();
  to.translated.src_port = u16();
  to.translated.dst_port = u16();
  if (to.nat) to.translated.protocol = to.tuple.protocol;
  to.flow_id = from.unsigned_();
  to.first_seen = from.signed_();
  to.last_seen = from.signed_();
  to.forward.packets = from.unsigned_();
  to.forward.bytes = from.unsigned_();
  to.reverse.packets = from.unsigned_();
  to.reverse.bytes = from.unsigned_();
  to.client_trouble.retransmits = from.unsigned_();
  to.server_trouble.retransmits = from.unsigned_();
  to.client_trouble.resets = from.unsigned_();
  to.server_trouble.resets = from.unsigned_();
  // Of these two only the sum over both sides is told.
  to.client_trouble.out_of_order = from.unsigned_();
  to.client_trouble.zero_windows = from.unsigned_();
  to.handshake = from.signed_();
  to.rtt = from.signed_();
  to.began = from.unsigned_() != 0;
  (void)from.unsigned_();  // connections: there is a handshake
  to.ended = from.unsigned_() != 0;
}

void RecordReader::read(std::size_t row, DropEvent& to) {
  base(row, to);
  to.reason = copied();
  to.hook = copied();
  to.location = copied();
  to.netns = table_.unsigned_();
  to.packets = table_.unsigned_();
  to.bytes = table_.unsigned_();
}

void RecordReader::read(std::size_t row, ConnectionEvent& to) {
  base(row, to);
  TableReader& from = table_;
  to.id = from.unsigned_();
  to.first_seen = from.signed_();
  to.netns = from.unsigned_();
  to.side = known(sides_, FieldId::kSide);
  to.error = copied();
  to.bytes_sent = from.unsigned_();
  to.bytes_received = from.unsigned_();
  to.retransmits = from.unsigned_();
  to.segments_sent = from.unsigned_();
  to.connect_time = from.signed_();
  to.rtt = from.signed_();
  to.min_rtt = from.signed_();
}

void RecordReader::read(std::size_t row, AlertEvent& to) {
  base(row, to);
  TableReader& from = table_;
  to.id = copied();
  to.kind = copied();
  to.severity = copied();
  to.technique = copied();
  to.summary = copied();
  to.evidence = copied();
  to.count = from.unsigned_();
  to.first_seen = from.signed_();
  to.last_seen = from.signed_();
}

}  // namespace netprobe
