// SPDX-License-Identifier: Apache-2.0
#include "agent/exporters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "agent/options.h"
#include "api/answer_page.h"
#include "export/json_lines/json_lines_sender.h"
#include "outbox/record_json.h"
#include "outbox/testing/made_records.h"
#include "support/certificates.h"
#include "support/temp_dir.h"

namespace netprobe {
namespace {

using test::text_of_file;

const SystemClock kClock;

std::vector<std::string> exports(std::vector<const char*> arguments,
                                 std::vector<const char*> environment = {}) {
  arguments.insert(arguments.begin(), "netprobe-agent");
  environment.push_back(nullptr);
  const auto options =
      parse_options(static_cast<int>(arguments.size()), arguments.data(), environment.data());
  EXPECT_TRUE(options) << options.error().message;
  return options ? options->exports : std::vector<std::string>();
}

using Urls = std::vector<std::string>;

TEST(ExportOption, IsRepeatedAndFlagsWin) {
  EXPECT_EQ(exports({}), Urls());
  EXPECT_EQ(exports({"--export=stdout:?filter=a b", "--export", "file:///x"}),
            (Urls{"stdout:?filter=a b", "file:///x"}));
  EXPECT_EQ(exports({}, {"NETPROBE_EXPORT=stdout:  file:///x"}), (Urls{"stdout:", "file:///x"}));
  EXPECT_EQ(exports({"--export=stdout:"}, {"NETPROBE_EXPORT=file:///x"}), Urls{"stdout:"});
}

TEST(ExportOption, IsAListOfTextsAndMapsInTheFile) {
  const test::TempDir dir;
  test::write_file(dir.file("agent.yaml"),
                   "export:\n"
                   "  - stdout:\n"
                   "  - to: file:///var/log/x.jsonl\n"
                   "    filter: namespace=shop and (port=443 or bytes > 1000)\n"
                   "    records: [flows, drops]\n"
                   "    rotate_size: 1GiB\n");
  const std::string config = "--config=" + dir.file("agent.yaml");
  const Urls urls = exports({config.c_str()});
  ASSERT_EQ(urls.size(), 2U);
  EXPECT_EQ(urls[0], "stdout:");
  const auto target = parse_export_target(urls[1], std::span(&kFileExport, 1), 0);
  ASSERT_TRUE(target) << target.error().message;
  EXPECT_EQ(target->path, "/var/log/x.jsonl");
  EXPECT_EQ(target->kinds.size(), 2U);
  EXPECT_EQ(*target->parameter("rotate_size"), "1GiB");
  EXPECT_EQ(canonical(target->filter),
            canonical(*parse_filter("namespace=shop and (port=443 or bytes > 1000)", 0)));
}

TEST(AgentExporters, RefuseWhatIsWrongInOneLine) {
  const auto why = [](const std::string& url) {
    const auto made = AgentExporters::make({url}, kClock);
    EXPECT_FALSE(made) << url;
    if (made) return std::string();
    EXPECT_EQ(made.error().kind, ErrorKind::kUsage);
    return made.error().message;
  };
  EXPECT_NE(why("fil:///x").find("--export fil:///x: nothing is exported to 'fil'"),
            std::string::npos)
      << why("fil:///x");
  EXPECT_NE(why("file:///x?keep=x").find("keep='x'"), std::string::npos);
  EXPECT_EQ(why("file://me:secret@x/").find("secret"), std::string::npos);
}

TEST(AgentExporters, WhatIsWrittenGoesToAllAndToTheStore) {
  class Store final : public HistoryStore {
   public:
    void write(HistoryBatchPtr batch) override { records += batch->size(); }
    void flush(Micros, std::function<void()> done) override { done(); }
    void query(QueryRequest, QueryDone) override {}
    [[nodiscard]] HistoryStatus status() const override { return {}; }
    void stop() override {}
    std::size_t records = 0;
  } store;
  const test::TempDir dir;
  auto exporters = AgentExporters::make(
      {"file://" + dir.file("a"), "file://" + dir.file("b") + "?filter=dst.port=443"}, kClock);
  ASSERT_TRUE(exporters) << exporters.error().message;
  ExportedHistory both(store, *exporters);
  exporters->start();
  const auto batch = testing::made_flows(100);
  both.write(batch);
  exporters->stop(20 * kSecond);
  EXPECT_EQ(store.records, 100U);
  const auto all = exporters->status();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "file");
  EXPECT_EQ(all[1].name, "file-2");
  EXPECT_EQ(all[0].sent, 100U);
  EXPECT_GT(all[1].sent, 0U);
  EXPECT_EQ(all[1].sent + all[1].passed_over, 100U);
  const std::string lines = text_of_file(dir.file("b"));
  EXPECT_EQ(static_cast<std::uint64_t>(std::ranges::count(lines, '\n')), all[1].sent);
  EXPECT_EQ(export_probe_status(all[0]).state, ProbeState::kOn);
  EXPECT_EQ(export_losses(all).size(), 3U);
}

/// One meaning of every field's name and form, whoever writes it.
TEST(RecordJson, IsWhatTheApiAnswers) {
  auto batch = testing::made_flows(300);
  std::vector<FieldRef> every;
  for (const Field& field : fields())
    if (field.of(RecordKind::kFlow))
      every.push_back({field.id, field.type == FieldType::kLabel ? "app" : ""});
  int odd = 0;
  for (FlowRecord& flow : batch->flows) {
    flow.nat = ++odd % 2 == 0;
    flow.tuple.protocol = static_cast<std::uint8_t>(odd % 140);
    flow.vlan = odd % 5 == 0 ? 7 : kNoVlan;
    flow.icmp = 0x0305;
    flow.tcp_flags = static_cast<std::uint8_t>(odd);
    flow.translated = flow.nat ? flow.tuple : FlowTuple{};
    flow.handshake = odd % 7 * 1'001;
    flow.time += odd;  // one order
  }
  std::ranges::sort(batch->flows, std::ranges::greater{}, &FlowRecord::time);
  std::vector<RecordRef> records;
  for (const FlowRecord& flow : batch->flows)
    records.push_back({RecordKind::kFlow, &flow, batch->node});
  Query query;
  query.select = every;
  const auto answer = evaluate({.query = query, .limits = {}, .cursor = ""}, records);
  ASSERT_TRUE(answer) << answer.error().message;
  RecordJson json{FieldSelection(every)};
  std::string lines;
  for (const RecordRef& record : records) {
    std::string line;
    json.append(line, record);
    const std::string kind = R"({"kind":"flows",)";
    ASSERT_TRUE(line.starts_with(kind));
    lines += "{" + line.substr(kind.size()) + "\n";
  }
  std::istringstream ours(lines);
  const Snapshot nothing;
  std::istringstream theirs(answer_text(AnswerFormat::kJsonLines,
                                        {.query = query, .answer = *answer, .snapshot = nothing}));
  std::string a;
  std::string b;
  std::multiset<std::string> all_ours;
  std::multiset<std::string> all_theirs;
  while (std::getline(ours, a) && std::getline(theirs, b)) {
    all_ours.insert(a);
    all_theirs.insert(b);
  }
  EXPECT_EQ(all_ours.size(), 300U);
  EXPECT_EQ(all_ours, all_theirs);
}

}  // namespace
}  // namespace netprobe
