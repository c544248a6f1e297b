// SPDX-License-Identifier: Apache-2.0
#include "socket_account.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <tuple>

#include <fmt/format.h>

#include "connection_load.h"
#include "socket_watching.h"

namespace netprobe::bench {
namespace {

constexpr double kRate = 50'000;
/// Connect, accept and two ends.
constexpr std::uint64_t kEventsEach = 4;

double number(std::uint64_t n) { return static_cast<double>(n); }

/// What the probe says of a load.
struct Account {
  LoadResult load;
  std::uint64_t clients = 0;
  std::uint64_t servers = 0;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t events = 0;
  std::uint64_t read = 0;
  std::uint64_t lost = 0;
  double cpu = 0;
};

std::optional<Account> account_of(const test::NetNamespace& ns, const LoadOptions& options,
                                  bool reading = true) {
  const auto watching = Watching::start(reading);
  if (!watching) return std::nullopt;
  Account account;
  account.load = load_connections(ns, options);
  account.cpu = watching->cpu_seconds();
  const Signals signals = watching->finish();
  for (const auto& [labels, count] : signals.sockets.connections_total) {
    if (labels.first != "tcp") continue;
    if (labels.second == "client") account.clients += count;
    if (labels.second == "server") account.servers += count;
  }
  for (const auto& [protocol, bytes] : signals.sockets.bytes)
    if (protocol == "tcp") std::tie(account.sent, account.received) = bytes;
  for (const auto& [event, count] : signals.sockets.events)
    if (event == "connect" || event == "accept" || event == "close") account.events += count;
  const ProbeStatus& status = signals.probes.back();
  account.read = status.events;
  for (const LossCounter& each : status.lost)
    if (each.cause == "ring_full" || each.cause == "connection_map_full")
      account.lost += each.count;
  return account;
}

/// A total of the probe's beside what the load knows. Others on this machine
/// may connect meanwhile: never fewer, and not many more.
Row total(const std::string& what, const char* variant, std::uint64_t counted, std::uint64_t made) {
  return {what,
          variant,
          number(counted),
          "",
          fmt::format("{:+d}", static_cast<std::int64_t>(counted - made)),
          ">= made",
          counted >= made && counted <= made + made / 100 + 1'000};
}

void add_rows(const std::string& what, const Account& account, std::vector<Row>& rows) {
  const LoadResult& load = account.load;
  rows.push_back({what, "connections made", number(load.connected), "",
                  fmt::format("{} failed", load.failed), "", true});
  rows.push_back(total(what, "counted as client", account.clients, load.connected));
  rows.push_back(total(what, "counted as server", account.servers, load.accepted));
  rows.push_back(total(what, "bytes counted as sent", account.sent, load.sent));
  rows.push_back(total(what, "bytes counted as received", account.received, load.received));
  rows.push_back(total(what, "events counted", account.events, kEventsEach * load.connected));
  rows.push_back({what, "events read from the ring", number(account.read), "",
                  fmt::format("lost {}", account.lost), "0 lost, or counted",
                  account.read + account.lost == account.events});
}

/// The budget's rate, for as long as the budget says.
bool at_the_rate(const test::NetNamespace& ns, double seconds, std::vector<Row>& rows) {
  const auto account = account_of(ns, {.rate = kRate, .seconds = seconds});
  if (!account) return false;
  const std::string what = fmt::format("{:.0f} s of connections", account->load.seconds);
  const double made = number(account->load.connected);
  const double rate = made / account->load.seconds;
  const double each = account->cpu * 1e6 / std::max(number(account->read), 1.0);
  rows.push_back({what, "rate reached", rate, "1/s", "", "50,000", rate >= 0.99 * kRate});
  add_rows(what, *account, rows);
  rows.push_back({what, "reader's CPU a read event", each, "us", "", "1 us", each <= 1});
  // What is left of the machine: the kernel's work for both sides, and ours.
  rows.push_back({what, "load's CPU a connection", account->load.cpu_seconds * 1e6 / made, "us", "",
                  "", true});
  return true;
}

/// As fast as the cores can, without and with the probe.
bool flat_out(const test::NetNamespace& ns, double seconds, std::vector<Row>& rows) {
  const LoadResult off = load_connections(ns, {.rate = 0, .seconds = seconds});
  const auto on = account_of(ns, {.rate = 0, .seconds = seconds});
  if (!on) return false;
  const double without = number(off.connected) / off.seconds;
  const double with = number(on->load.connected) / on->load.seconds;
  const std::string what = "as many as can be made";
  rows.push_back({what, "off", without, "1/s", "", ""});
  rows.push_back({what, "on", with, "1/s", fmt::format("{:.3f}", with / without), ""});
  add_rows(what, *on, rows);
  return true;
}

/// The ring overflows: its records are lost, and no sum.
bool unread(const test::NetNamespace& ns, std::vector<Row>& rows) {
  const auto account = account_of(ns, {.rate = kRate, .seconds = 1}, false);
  if (!account) return false;
  add_rows("1 s, nobody reads", *account, rows);
  if (account->lost == 0) rows.back().met = false;
  return true;
}

}  // namespace

bool account_for_connections(const test::NetNamespace& ns, std::vector<Row>& rows) {
  const char* asked = std::getenv("NETPROBE_BENCH_SECONDS");
  const double seconds = asked != nullptr ? std::strtod(asked, nullptr) : 60;
  return at_the_rate(ns, seconds, rows) && flat_out(ns, std::min(seconds, 5.0), rows) &&
         unread(ns, rows);
}

}  // namespace netprobe::bench
