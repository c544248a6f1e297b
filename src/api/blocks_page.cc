// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <utility>

#include "api/blocks_query.h"
#include "api/completeness.h"
#include "base/json_writer.h"

namespace netprobe {
namespace {

constexpr std::string_view kDone = "it is carried out as asked";
constexpr std::string_view kOnlyDryRun =
    "the agent runs with --response=dry-run: it counts what it would drop, and drops nothing";
constexpr std::string_view kAskedDryRun = "a dry run: it counts what it would drop";

constexpr std::string_view kNowhere =
    "nothing holds it: XDP is at no interface, so nothing is dropped or counted until it is; "
    "/api/probes and 'netprobe status' say why";

/// One address as it is written, a network with its length.
std::string text_of(const IpPrefix& what) {
  return what.bits() == 128 ? what.network().to_string() : what.to_string();
}

void append_common(JsonObject& json, BlockMode mode, const std::string& reason,
                   const std::string& who, Nanos since, Nanos until) {
  json.text("mode", to_string(mode));
  json.text("reason", reason);
  json.text("who", who);
  json.time("since", since);
  json.time("until", until);
}

void append_block(std::string& out, const BlockRecord& block) {
  JsonObject json(out);
  json.text("what", text_of(block.what));
  json.text("kind", block.what.bits() == 128 ? "address" : "network");
  append_common(json, block.mode, block.reason, block.who, block.since, block.until);
  json.number("packets", block.packets);
  json.number("bytes", block.bytes);
  json.close();
}

void append_limit(std::string& out, const LimitRecord& record) {
  const PlaneLimit& limit = record.limit;
  JsonObject json(out);
  json.address("what", limit.address);
  json.text("kind", to_string(limit.side));
  if (limit.side == LimitSide::kSyn) json.number("port", limit.port);
  append_common(json, limit.mode, record.reason, record.who, record.since, record.until);
  json.number("rate", limit.rate);
  json.number("burst", limit.burst);
  json.text("unit", limit.bytes ? "bytes" : "packets");
  json.number("packets", limit.over_packets);
  json.number("bytes", limit.over_bytes);
  json.close();
}

/// The places of the list's order: blocks, then limits.
std::string cursor_of(const BlockRecord& block) { return "b" + text_of(block.what); }
std::string cursor_of(const LimitRecord& record) {
  return "l" + record.limit.address.to_string() + "," + std::to_string(record.limit.port) + "," +
         std::string(to_string(record.limit.side));
}

bool touch(const IpPrefix& a, const IpPrefix& b) {
  return a.contains(b.network()) || b.contains(a.network());
}

template <typename Record>
bool is_asked_for(const Record& record, const IpPrefix& what, const BlocksQuery& query) {
  if (query.what && !touch(what, *query.what)) return false;
  if (query.since && record.since < *query.since) return false;
  return !query.until || record.since <= *query.until;
}

void append_sums(JsonObject& json, std::string& out, std::string_view name,
                 const std::array<PlaneSum, kBlockCauses.size()>& sums) {
  json.key(name);
  JsonArray list(out);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    list.next();
    JsonObject one(out);
    one.text("cause", kBlockCauses[i]);
    one.number("packets", sums[i].packets);
    one.number("bytes", sums[i].bytes);
    one.close();
  }
  list.close();
}

void append_room(JsonObject& json, std::string& out, const BlockListStatus& status) {
  json.key("room");
  JsonObject room(out);
  room.number("blocks", status.caps.entries);
  room.number("limits", status.caps.limits);
  room.number("a_minute", status.caps.a_minute);
  room.number("list_addresses", status.room.feed_addresses);
  room.number("list_networks", status.room.feed_networks);
  room.real("longest_seconds", static_cast<double>(status.caps.longest) / kSecond);
  room.close();
}

void append_list(JsonObject& json, std::string& out, const BlockListStatus& status) {
  json.key("list");
  if (status.feed.empty()) {
    out += "null";
    return;
  }
  JsonObject list(out);
  list.text("name", status.feed);
  list.text("mode", to_string(status.feed_mode));
  list.number("entries", status.feed_entries);
  list.number("refused", status.feed_refused);
  list.key("why");
  JsonArray why(out);
  for (const std::string& each : status.feed_why) why.text(each);
  why.close();
  list.time("until", status.feed_until);
  list.close();
}

void append_refused(JsonObject& json, std::string& out, const BlockListStatus& status) {
  json.key("refused");
  JsonObject refused(out);
  for (std::size_t i = 0; i < kRefusals.size(); ++i)
    refused.number(kRefusals[i], status.refused[i]);
  refused.close();
}

/// Where it is carried out: interfaces with the XDP program. How many these are.
std::size_t append_interfaces(JsonObject& json, std::string& out, const Snapshot& snapshot) {
  json.key("interfaces");
  JsonArray interfaces(out);
  std::size_t count = 0;
  for (const XdpState& xdp : snapshot.signals->xdp) {
    if (xdp.mode.empty()) continue;
    interfaces.text(xdp.interface);
    ++count;
  }
  interfaces.close();
  return count;
}

void append_response(JsonObject& json, std::string& out, const ResponseReport& report,
                     const Snapshot& snapshot) {
  json.key("response");
  JsonObject response(out);
  response.text("mode", to_string(report.mode));
  response.text("why", report.why);
  static const Snapshot kNothing;
  append_interfaces(response, out, report.mode == ResponseMode::kOff ? kNothing : snapshot);
  response.close();
}

void append_allowed(JsonObject& json, std::string& out, const ResponseReport& report) {
  json.key("allowed");
  JsonArray list(out);
  for (const AllowedNetwork& each : report.allowed) {
    list.next();
    JsonObject one(out);
    one.text("network", text_of(each.network));
    one.text("reason", each.reason);
    one.close();
  }
  list.close();
}

void append_counters(JsonObject& json, std::string& out, const BlockListStatus& status) {
  append_sums(json, out, "dropped", status.counters.dropped);
  append_sums(json, out, "would_drop", status.counters.would_drop);
  json.key("looked_at");
  JsonObject looked(out);
  looked.number("packets", status.counters.looked);
  looked.number("allowed", status.counters.allowed);
  looked.number("clean", status.counters.clean);
  looked.number("too_deep", status.counters.too_deep);
  looked.number("contended", status.counters.contended);
  looked.number("challenged", status.counters.challenged);
  looked.number("proven", status.counters.proven);
  looked.close();
  append_refused(json, out, status);
  json.number("audit_errors", status.audit_errors);
  json.number("audit_damaged", status.audit_damaged);
}

/// A page of both lists, one behind the other: what stands behind the cursor.
class Pager {
 public:
  explicit Pager(const BlocksQuery& query) : query_(query), begun_(query.cursor.empty()) {}

  /// Is this one on the page?
  template <typename Record>
  bool takes(const Record& record, const IpPrefix& what) {
    const bool asked_for = is_asked_for(record, what, query_);
    if (asked_for) ++total_;
    if (!begun_) {
      begun_ = is_last_of_page_before(record);
      if (begun_ || !is_behind(record)) return false;
      begun_ = true;
    }
    if (!asked_for) return false;
    if (shown_ == query_.limit) {
      more_ = true;
      return false;
    }
    ++shown_;
    last_ = cursor_of(record);
    return true;
  }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] const std::string* next() const { return more_ ? &last_ : nullptr; }

 private:
  template <typename Record>
  bool is_last_of_page_before(const Record& record) const {
    return cursor_of(record) == query_.cursor;
  }
  /// What stood last may be gone: the next is what stands behind its place.
  bool is_behind(const BlockRecord& block) const {
    if (!query_.cursor.starts_with('b')) return false;
    const auto place = IpPrefix::parse(std::string_view(query_.cursor).substr(1));
    return !place || block.what > *place;
  }
  bool is_behind(const LimitRecord& record) const {
    if (query_.cursor.starts_with('b')) return true;
    const std::string_view text = std::string_view(query_.cursor).substr(1);
    const auto place = IpAddress::parse(text.substr(0, text.find(',')));
    if (!place || record.limit.address > *place) return true;
    // Of one address they stand by port and side, as the cursor has them.
    return record.limit.address == *place && is_after(record, text.substr(text.find(',') + 1));
  }

  /// `place`: "443,target".
  static bool is_after(const LimitRecord& record, std::string_view place) {
    const auto comma = std::min(place.find(','), place.size());
    unsigned port = 0;
    (void)std::from_chars(place.data(), place.data() + comma, port);
    LimitSide side = LimitSide::kSource;
    for (const LimitSide each : {LimitSide::kTarget, LimitSide::kSyn})
      if (place.substr(std::min(comma + 1, place.size())) == to_string(each)) side = each;
    return std::pair(unsigned{record.limit.port}, record.limit.side) > std::pair(port, side);
  }

  const BlocksQuery& query_;
  bool begun_;
  bool more_ = false;
  std::size_t shown_ = 0;
  std::uint64_t total_ = 0;
  std::string last_;
};

template <typename Append>
std::string answer(std::string_view name, BlockMode mode, BlockMode asked, const Snapshot& snapshot,
                   Append append) {
  std::string out;
  JsonObject json(out);
  json.key(name);
  append(out);
  json.text("mode", to_string(mode));
  const bool nowhere = append_interfaces(json, out, snapshot) == 0;
  std::string note;
  if (mode != asked)
    note = kOnlyDryRun;
  else if (mode == BlockMode::kDryRun)
    note = kAskedDryRun;
  else if (!nowhere)
    note = kDone;
  if (nowhere) (note += note.empty() ? "" : "; and ") += kNowhere;
  json.text("note", note);
  json.close();
  return out;
}

}  // namespace

std::string block_answer(const BlockRecord& record, BlockMode asked, const Snapshot& snapshot) {
  return answer("block", record.mode, asked, snapshot,
                [&](std::string& out) { append_block(out, record); });
}

std::string limit_answer(const LimitRecord& record, BlockMode asked, const Snapshot& snapshot) {
  return answer("limit", record.limit.mode, asked, snapshot,
                [&](std::string& out) { append_limit(out, record); });
}

std::string blocks_page(const ResponseReport& report, const Snapshot& snapshot,
                        const BlocksQuery& query) {
  std::string out;
  JsonObject json(out);
  append_response(json, out, report, snapshot);
  Pager pager(query);
  json.key("blocks");
  JsonArray blocks(out);
  for (const BlockRecord& block : report.blocks) {
    if (!pager.takes(block, block.what)) continue;
    blocks.next();
    append_block(out, block);
  }
  blocks.close();
  json.key("limits");
  JsonArray limits(out);
  for (const LimitRecord& record : report.limits) {
    if (!pager.takes(record, IpPrefix::of(record.limit.address, 128))) continue;
    limits.next();
    append_limit(out, record);
  }
  limits.close();
  json.number("total", pager.total());
  if (pager.next() != nullptr)
    json.text("next_cursor", *pager.next());
  else
    json.null("next_cursor");
  append_list(json, out, report.status);
  append_allowed(json, out, report);
  append_counters(json, out, report.status);
  append_room(json, out, report.status);
  append_completeness(json, out, snapshot, {.since = query.since, .until = query.until}, {"xdp"});
  json.close();
  return out;
}

}  // namespace netprobe
