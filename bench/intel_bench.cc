// SPDX-License-Identifier: Apache-2.0
// Threat intelligence: reading lists, memory an entry, look-ups that hit and that miss.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cpu_time.h"
#include "detect/intel/intel_detector.h"
#include "intel/feed_parser.h"
#include "intel/intel_index.h"
#include "report.h"

namespace netprobe::bench {
namespace {

using namespace intel;

constexpr std::size_t kAddresses = 5'000'000;
constexpr std::size_t kPrefixes = 100'000;
constexpr std::size_t kNames = 1'000'000;
constexpr std::size_t kLookUps = 1'000'000;
constexpr std::size_t kPiece = 64UL * 1024;
constexpr int kRounds = 5;

/// Bytes that malloc gave out, mapped ones too.
double allocated() {
  const auto info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

std::uint32_t draw(std::mt19937& random) { return static_cast<std::uint32_t>(random()); }

/// Anywhere but where nobody's list may be.
std::uint32_t outside(std::mt19937& random) { return (16U << 24U) + draw(random) % (60U << 24U); }

/// One text a kind: entries by their numbers, made as they are read.
struct Source {
  std::string what;
  std::size_t entries = 0;
  void (*line)(std::string& text, std::mt19937& random, std::size_t number) = nullptr;
};

std::string name_of(std::size_t number) {
  return fmt::format("host{}.domain{}.example", number * 7919 % 1'000'003, number % 1000);
}

std::vector<Source> sources() {
  return {{"addresses", kAddresses,
           [](std::string& text, std::mt19937& random, std::size_t) {
             IpAddress::v4(outside(random)).append_to(text);
           }},
          {"prefixes", kPrefixes,
           [](std::string& text, std::mt19937& random, std::size_t) {
             const auto length = 17 + static_cast<int>(random() % 14);
             text += IpPrefix::of(IpAddress::v4(outside(random)), length).to_string();
           }},
          {"names", kNames,
           [](std::string& text, std::mt19937&, std::size_t number) { text += name_of(number); }}};
}

struct Built {
  ListIndexPtr list;
  double seconds = 0;  ///< to read and build
  double text = 0;     ///< bytes
  double peak = 0;     ///< bytes of memory while it is built, without the text
};

Built build(const Source& source, const GuardPtr& guard) {
  std::mt19937 random(11);
  const double before = allocated();
  ListBuilder builder(guard, source.entries, 0);
  auto parser = make_feed_parser({}, builder);
  Built built;
  std::string text;
  const auto pass = [&] {
    built.text += static_cast<double>(text.size());
    built.seconds += thread_seconds_of([&] {
      if (!parser->take(text)) std::abort();
    });
    text.clear();
  };
  for (std::size_t i = 0; i < source.entries; ++i) {
    source.line(text, random, i);
    text += '\n';
    if (text.size() > kPiece) pass();
  }
  pass();
  // What was gathered; the list comes beside it.
  built.peak = allocated() - before;
  built.seconds += thread_seconds_of([&] {
    if (!parser->finish()) std::abort();
    built.list = builder.finish();
  });
  built.peak += static_cast<double>(built.list->bytes());
  return built;
}

template <typename LookUp>
double nanoseconds(std::size_t count, const LookUp& look_up) {
  std::vector<double> times;
  for (int round = 0; round < kRounds; ++round) {
    std::size_t found = 0;
    times.push_back(thread_seconds_of([&] {
                      for (std::size_t i = 0; i < count; ++i) found += look_up(i) ? 1 : 0;
                    }) /
                    static_cast<double>(count) * 1e9);
    if (found > count) std::abort();
  }
  return median(std::move(times));
}

std::vector<IpAddress> hits() {
  std::mt19937 random(11);
  std::vector<IpAddress> all;
  for (std::size_t i = 0; i < kAddresses; ++i) {
    const auto address = outside(random);
    if (i % (kAddresses / kLookUps) == 0) all.push_back(IpAddress::v4(address));
  }
  std::ranges::shuffle(all, random);
  return all;
}

std::vector<IpAddress> others(const IntelIndex& index) {
  std::mt19937 random(12);
  std::vector<IpAddress> all;
  while (all.size() < kLookUps) {
    const IpAddress address = IpAddress::v4(outside(random));
    if (!index.has(address)) all.push_back(address);
  }
  return all;
}

/// As those of a cluster: nobody lists any of their networks.
std::vector<IpAddress> inside() {
  std::mt19937 random(13);
  std::vector<IpAddress> all;
  for (std::size_t i = 0; i < kLookUps; ++i)
    all.push_back(IpAddress::v4(0x0a000000U + (draw(random) & 0xffffU)));
  return all;
}

/// A flow a record of which no end is listed: what the detector costs nearly all of them.
double detector_nanoseconds(const std::shared_ptr<const IntelIndex>& index,
                            const std::vector<IpAddress>& addresses) {
  IntelDetector detector([&] { return index; });
  FlowRecord record;
  record.tuple = {IpAddress::v4(0x0a000001), {}, 40'000, 443, kProtoTcp};
  return nanoseconds(addresses.size(), [&](std::size_t i) {
    record.tuple.dst = addresses[i];
    detector.on_flow(record);
    return false;
  });
}

int run() {
  const auto guard = std::make_shared<const Guard>();
  std::vector<Row> rows;
  std::vector<NamedList> lists;
  for (const Source& source : sources()) {
    const double before = allocated();
    Built built = build(source, guard);
    const double bytes = allocated() - before;
    const auto entries = static_cast<double>(built.list->size());
    rows.push_back({fmt::format("{} {}", built.list->size(), source.what), "memory",
                    bytes / entries, "bytes an entry", fmt::format("{:.1f} MiB", bytes / 1048576),
                    ""});
    rows.push_back({source.what, "reading and building", built.seconds * 1e3, "ms",
                    fmt::format("{:.0f} MB/s", built.text / built.seconds / 1e6), ""});
    rows.push_back({source.what, "memory meanwhile", built.peak / entries, "bytes an entry",
                    fmt::format("{:.1f} MiB", built.peak / 1048576), ""});
    lists.push_back({source.what, Severity::kHigh, 1, std::move(built.list)});
  }
  std::shared_ptr<const IntelIndex> index;
  const double swap = thread_seconds_of(
      [&] { index = std::make_shared<const IntelIndex>(std::move(lists), guard); });
  rows.push_back({"all lists", "an index of them", swap * 1e3, "ms",
                  fmt::format("{:.1f} MiB in all", static_cast<double>(index->bytes()) / 1048576),
                  ""});
  const auto listed = hits();
  const auto free = others(*index);
  const auto has = [&](const std::vector<IpAddress>& addresses) {
    return nanoseconds(addresses.size(), [&](std::size_t i) { return index->has(addresses[i]); });
  };
  rows.push_back({"look-up of an address", "listed", has(listed), "ns", "", ""});
  rows.push_back({"look-up of an address", "not listed", has(free), "ns", "", ""});
  rows.push_back({"look-up of an address", "of the cluster", has(inside()), "ns", "", ""});
  const double in = nanoseconds(listed.size() / 10,
                                [&](std::size_t i) { return !index->find(listed[i]).empty(); });
  rows.push_back({"its list, entry and reason", "listed", in, "ns", "", ""});
  std::vector<std::string> names;
  std::vector<std::string> free_names;
  for (std::size_t i = 0; i < 100'000; ++i) {
    names.push_back(name_of(i * 7 % kNames));
    free_names.push_back(fmt::format("www{}.cdn.shop{}.example", i, i % 77));
  }
  rows.push_back({"look-up of a name", "listed",
                  nanoseconds(names.size(),
                              [&](std::size_t i) { return !index->find_name(names[i]).empty(); }),
                  "ns", "", ""});
  rows.push_back(
      {"look-up of a name", "not listed",
       nanoseconds(free_names.size(),
                   [&](std::size_t i) { return !index->find_name(free_names[i]).empty(); }),
       "ns", "", ""});
  rows.push_back(
      {"the detector, a record", "not listed", detector_nanoseconds(index, free), "ns", "", ""});
  report("Threat intelligence, all lists at once", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::run(); }
