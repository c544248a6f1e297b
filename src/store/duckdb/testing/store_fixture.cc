// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/testing/store_fixture.h"

#include <fmt/format.h>
#include <stdlib.h>  // NOLINT: mkdtemp is not in <cstdlib>

#include <algorithm>
#include <future>
#include <utility>

#include "query/query.h"
#include "store/duckdb/library.h"

namespace netprobe::duck {
namespace {

IdentityPtr pod(std::uint64_t number) {
  auto identity = std::make_shared<Identity>();
  identity->name = fmt::format("pod-{}", number % 7);
  identity->name_space = fmt::format("namespace-{}", number % 3);
  identity->workload_kind = "Deployment";
  identity->workload = fmt::format("workload-{}", number % 5);
  identity->labels = {{"app", fmt::format("app-{}", number % 5)}};
  return identity;
}

template <typename Record>
Record base(std::uint64_t number, Micros time) {
  Record record;
  record.time = time;
  record.tuple = {.src = IpAddress::v4(0x0a000000U + static_cast<std::uint32_t>(number % 250)),
                  .dst = IpAddress::v4(0x0a010000U + static_cast<std::uint32_t>(number % 50)),
                  .src_port = static_cast<std::uint16_t>(30'000 + number % 20'000),
                  .dst_port = 443,
                  .protocol = kProtoTcp};
  record.direction = "inter-node";
  return record;
}

}  // namespace

std::shared_ptr<HistoryBatch> make_batch(std::uint64_t first, std::size_t flows, Micros time,
                                         Micros step) {
  auto batch = std::make_shared<HistoryBatch>();
  batch->id = fmt::format("node-1/1/{}", first);
  batch->node = "node-1";
  for (std::uint64_t i = 0; i < flows; ++i) {
    const Micros at = time + static_cast<Micros>(i) * step;
    auto flow = base<FlowRecord>(first + i, at);
    flow.src = pod(first + i);
    flow.dst = pod(first + i + 1);
    flow.flow_id = first + i;
    flow.first_seen = flow.last_seen = at;
    flow.forward = {.packets = 1, .bytes = 60};
    flow.reverse = {.packets = 1, .bytes = 60};
    flow.rtt = 100 + static_cast<Micros>(i % 50);
    flow.began = true;
    batch->flows.push_back(std::move(flow));
  }
  auto drop = base<DropEvent>(first, time);
  drop.reason = "NO_SOCKET";
  drop.packets = 1;
  batch->drops.push_back(std::move(drop));
  auto connection = base<ConnectionEvent>(first, time);
  connection.id = first;
  connection.side = "client";
  batch->connections.push_back(std::move(connection));
  auto alert = base<AlertEvent>(first, time);
  alert.id = fmt::format("alert-{}", first);
  alert.severity = "low";
  alert.summary = "not quite \xc3\x28 UTF-8, and 'quoted'";
  batch->alerts.push_back(std::move(alert));
  return batch;
}

void StoreTest::SetUp() {
  if (const auto library = Library::load(); !library) GTEST_SKIP() << library.error().message;
  std::string name = std::filesystem::temp_directory_path() / "np-t-history-XXXXXX";
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  folder_ = name;
  options_.directory = folder_ / "history";
  options_.min_free_bytes = 0;
  options_.housekeeping = 3600 * 1'000'000LL;  // when the test says so
}

void StoreTest::TearDown() {
  store_.reset();
  std::error_code error;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, error);
}

void StoreTest::open() {
  auto opened = DuckDbStore::open(options_, clock_);
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  store_ = std::move(*opened);
}

void StoreTest::flush(Micros patience) {
  std::promise<void> done;
  store_->flush(patience, [&done] { done.set_value(); });
  done.get_future().wait();
}

std::expected<QueryAnswer, QueryFailure> StoreTest::ask(QueryRequest request) {
  std::promise<std::expected<QueryAnswer, QueryFailure>> answer;
  store_->query(std::move(request),
                [&answer](auto result) { answer.set_value(std::move(result)); });
  return answer.get_future().get();
}

QueryAnswer StoreTest::ask(const std::string& text, std::size_t rows) {
  auto query = parse_query(text, clock_.wall());
  EXPECT_TRUE(query.has_value()) << text << ": " << query.error().message;
  if (!query) return {};
  auto answer = ask(QueryRequest{.query = *query, .limits = {.rows = rows}});
  EXPECT_TRUE(answer.has_value()) << text << ": " << answer.error().message;
  return answer ? *answer : QueryAnswer{};
}

std::uint64_t StoreTest::number(const std::string& text) {
  const QueryAnswer answer = ask(text);
  if (answer.rows.empty() || answer.rows.front().empty()) return 0;
  const Value& value = answer.rows.front().front();
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return static_cast<std::uint64_t>(*number);
  ADD_FAILURE() << text << ": no number";
  return 0;
}

std::uint64_t StoreTest::lost(const std::string& cause) const {
  const auto all = store_->status().lost;
  const auto found = std::ranges::find(all, cause, &std::pair<std::string, std::uint64_t>::first);
  return found != all.end() ? found->second : 0;
}

std::vector<std::string> StoreTest::names(const std::string& begin) const {
  std::vector<std::string> result;
  for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
    const std::string name = entry.path().filename();
    if (name.starts_with(begin)) result.push_back(name);
  }
  std::ranges::sort(result);
  return result;
}

}  // namespace netprobe::duck
