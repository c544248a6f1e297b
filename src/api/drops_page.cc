// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "api/drops_query.h"
#include "api/kube_json.h"
#include "api/names.h"
#include "base/glob.h"
#include "base/json_writer.h"
#include "model/drop.h"

namespace netprobe {
namespace {

/// A record, or the sum of several that are alike in what was asked for.
struct DropRow {
  DropRecord record;
  std::uint64_t id = 0;  ///< of what was asked for: the same from page to page
};

std::uint64_t hash_of(std::string_view text) {  // FNV-1a
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

/// What distinguishes a row of this list from the others.
std::string row_key(const DropRecord& r, DropBy by) {
  std::string key;
  const auto add = [&](std::string_view part) { (key += part) += '\0'; };
  const auto add_flow = [&] {
    if (r.has_tuple) {
      r.tuple.src.append_to(key);
      key += '\0';
      r.tuple.dst.append_to(key);
    }
    for (const unsigned n : {unsigned{r.tuple.src_port}, unsigned{r.tuple.dst_port},
                             unsigned{r.tuple.protocol}, unsigned{r.ethertype}})
      add(std::to_string(n));
    if (!r.inside) return;
    const FlowTuple& t = r.inside->tuple;
    t.src.append_to(key);
    key += '\0';
    t.dst.append_to(key);
    key += '\0';
    for (const unsigned n : {unsigned{t.src_port}, unsigned{t.dst_port}, unsigned{t.protocol},
                             static_cast<unsigned>(r.inside->tunnel), r.inside->vni.value_or(0)})
      add(std::to_string(n));
  };
  const auto add_interface = [&] {
    add(std::to_string(r.ifindex));
    add(std::to_string(r.netns));
    add(r.interface);
  };
  switch (by) {
    case DropBy::kReason:
      add(r.reason);
      add(r.hook);
      break;
    case DropBy::kLocation:
      add(r.reason);
      add(r.hook);
      add(r.location);
      break;
    case DropBy::kInterface:
      add_interface();
      break;
    case DropBy::kFlow:
      add_flow();
      break;
    case DropBy::kRecord:
      add(r.reason);
      add(r.hook);
      add(r.location);
      add_interface();
      add_flow();
      for (const std::string& frame : r.stack) add(frame);
  }
  return key;
}

void merge(DropRecord& into, const DropRecord& from) {
  into.count += from.count;
  into.bytes += from.bytes;
  into.first_seen = std::min(into.first_seen, from.first_seen);
  into.last_seen = std::max(into.last_seen, from.last_seen);
}

/// By reason, the sums have also what no record holds any more.
void use_totals(std::map<std::string, DropRow>& rows, const Snapshot& snapshot,
                const DropsQuery& query) {
  for (const auto& [name, count] : snapshot.signals->drops.totals) {
    DropRecord record;
    record.reason = name.first;
    record.hook = name.second;
    record.first_seen = snapshot.started_at;
    record.last_seen = snapshot.taken_at;
    if (!query.matches(record)) continue;
    const std::string key = row_key(record, DropBy::kReason);
    const auto [row, is_new] = rows.try_emplace(key);
    if (is_new) row->second = {record, hash_of(key)};
    row->second.record.count = count;
  }
}

std::vector<DropRow> rows_of(const Snapshot& snapshot, const DropsQuery& query) {
  const AddressNames names(snapshot);
  std::map<std::string, DropRow> rows;
  for (const DropRecord& record : snapshot.signals->drops.records) {
    if (!query.matches(record) || !query.matches_names(record, names, snapshot.node_name)) continue;
    const std::string key = row_key(record, query.by);
    const auto [row, is_new] = rows.try_emplace(key);
    if (is_new)
      row->second = {record, hash_of(key)};
    else
      merge(row->second.record, record);
  }
  if (query.by == DropBy::kReason && query.is_about_totals()) use_totals(rows, snapshot, query);
  std::vector<DropRow> list;
  list.reserve(rows.size());
  for (auto& [key, row] : rows) list.push_back(std::move(row));
  std::ranges::sort(list, [](const DropRow& a, const DropRow& b) {
    return a.record.count != b.record.count ? a.record.count > b.record.count : a.id < b.id;
  });
  return list;
}

bool stands_after(const DropRow& row, const DropCursor& cursor) {
  return row.record.count != cursor.count ? row.record.count < cursor.count : row.id > cursor.id;
}

/// What stands where IP packets have their protocol.
std::string protocol_of(const DropRecord& record) {
  if (record.has_tuple) return protocol_name(record.tuple.protocol);
  switch (record.ethertype) {
    case 0:
      return {};
    case 0x0806:
      return "arp";
    case 0x0800:
      return "ipv4";  // cut off before its addresses
    case 0x86dd:
      return "ipv6";
    case 0x88cc:
      return "lldp";
    default: {
      static constexpr std::string_view kDigits = "0123456789abcdef";
      std::string text = "0x";
      for (int shift = 12; shift >= 0; shift -= 4)
        text += kDigits[(record.ethertype >> shift) & 15];
      return text;
    }
  }
}

void append_flow(JsonObject& json, const DropRecord& record) {
  if (record.has_tuple) {
    json.address("src_ip", record.tuple.src);
    json.address("dst_ip", record.tuple.dst);
  } else {
    json.null("src_ip");
    json.null("dst_ip");
  }
  json.number("src_port", record.tuple.src_port);
  json.number("dst_port", record.tuple.dst_port);
  json.text("protocol", protocol_of(record));
  if (!record.inside) return;
  const FlowTuple& t = record.inside->tuple;
  json.text("tunnel", to_string(record.inside->tunnel));
  if (record.inside->vni) json.number("vni", *record.inside->vni);
  json.address("inner_src_ip", t.src);
  json.address("inner_dst_ip", t.dst);
  json.number("inner_src_port", t.src_port);
  json.number("inner_dst_port", t.dst_port);
  json.text("inner_protocol", protocol_name(t.protocol));
}

/// Of what was in a tunnel, where that is known: its outside is nodes.
void append_names(JsonObject& json, std::string& out, const DropRecord& record,
                  const AddressNames& names) {
  if (!record.inside && !record.has_tuple) return;
  const FlowTuple& tuple = record.inside ? record.inside->tuple : record.tuple;
  AddressNames::append(json, out, names.named(tuple, record.first_seen, record.last_seen));
}

void append_row(std::string& out, const DropRecord& record, DropBy by, const AddressNames& names) {
  const bool whole = by == DropBy::kRecord;
  JsonObject json(out);
  if (whole || by == DropBy::kReason || by == DropBy::kLocation) {
    json.text("reason", record.reason);
    json.text("hook", record.hook);
  }
  if (whole || by == DropBy::kLocation) json.text("location", record.location);
  if (whole || by == DropBy::kInterface) {
    json.text("interface", record.interface);
    json.number("ifindex", record.ifindex);
    json.number("netns", record.netns);
  }
  if (whole || by == DropBy::kFlow) {
    append_flow(json, record);
    append_names(json, out, record, names);
  }
  json.number("count", record.count);
  json.number("bytes", record.bytes);
  json.time("first_seen", record.first_seen);
  json.time("last_seen", record.last_seen);
  if (whole && !record.stack.empty()) {
    json.key("stack");
    JsonArray frames(out);
    for (const std::string& frame : record.stack) frames.text(frame);
    frames.close();
  }
  json.close();
}

void append_totals(JsonObject& json, std::string& out, const DropReport& drops) {
  json.key("totals");
  JsonArray list(out);
  for (const auto& [name, count] : drops.totals) {
    list.next();
    JsonObject total(out);
    total.text("reason", name.first);
    total.text("hook", name.second);
    total.number("count", count);
    total.close();
  }
  list.close();
}

/// What blocks and limits dropped at the XDP hook, where the kernel has not made a packet of
/// it yet and so tells of no drop; in generic mode it has, and does, with reason XDP.
void append_blocked(JsonObject& json, std::string& out, const Snapshot& snapshot) {
  json.key("blocked");
  JsonArray list(out);
  for (const XdpState& xdp : snapshot.signals->xdp) {
    if (xdp.mode.empty()) continue;
    list.next();
    JsonObject one(out);
    one.text("interface", xdp.interface);
    one.text("mode", xdp.mode);
    one.number("packets", xdp.dropped);
    one.close();
  }
  list.close();
}

/// Only what can be missing in a list of drops: a flow record that was lost
/// elsewhere does not touch this answer.
void append_drop_completeness(JsonObject& json, std::string& out, const Snapshot& snapshot,
                              const DropsQuery& query) {
  const Nanos since = std::max(query.since.value_or(snapshot.started_at), snapshot.started_at);
  const Nanos until = std::min(query.until.value_or(snapshot.taken_at), snapshot.taken_at);
  bool complete = !query.since || *query.since >= snapshot.started_at;
  bool running = false;
  json.key("completeness");
  JsonObject inner(out);
  inner.time("since", since);
  inner.time("until", std::max(since, until));
  inner.time("lost_since", snapshot.started_at);
  inner.key("lost");
  JsonObject lost(out);
  for (const ProbeStatus& probe : snapshot.signals->probes) {
    if (probe.name != "drop") continue;
    running = probe.state == ProbeState::kOn;
    for (const LossCounter& loss : probe.lost) {
      if (loss.count == 0) continue;
      lost.number(loss.stage + "." + loss.cause, loss.count);
      complete = false;
    }
  }
  lost.close();
  inner.flag("complete", complete && running);
  inner.close();
}

}  // namespace

std::string drops_page(const Snapshot& snapshot, const DropsQuery& query, const AnswerPage* kept) {
  auto rows = rows_of(snapshot, query);
  const std::size_t total = rows.size();
  if (query.cursor)
    std::erase_if(rows, [&](const DropRow& row) { return !stands_after(row, *query.cursor); });
  const std::size_t count = std::min(query.limit, rows.size());

  const AddressNames names(snapshot);
  std::string out;
  out.reserve(512 + count * 384);
  JsonObject json(out);
  json.key("drops");
  JsonArray list(out);
  for (std::size_t i = 0; i < count; ++i) {
    list.next();
    append_row(out, rows[i].record, query.by, names);
  }
  list.close();
  json.number("total", total);
  append_totals(json, out, snapshot.signals->drops);
  append_blocked(json, out, snapshot);
  if (rows.size() > count)
    json.text("next_cursor",
              format_cursor({query.by, rows[count - 1].record.count, rows[count - 1].id}));
  else
    json.null("next_cursor");
  if (kept != nullptr)
    append_origin(json, out, kept->answer, false);
  else
    append_live_origin(json);
  append_kubernetes(json, out, snapshot.kube->status);
  if (kept != nullptr)
    append_answer_completeness(json, out, *kept);
  else
    append_drop_completeness(json, out, snapshot, query);
  json.close();
  return out;
}

}  // namespace netprobe
