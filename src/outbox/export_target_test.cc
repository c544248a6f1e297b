// SPDX-License-Identifier: Apache-2.0
#include "outbox/export_target.h"

#include <gtest/gtest.h>

#include "outbox/field_selection.h"

namespace netprobe {
namespace {

constexpr std::array kOwn{ExportParameter{"topic", "where records go"},
                          ExportParameter{"compression", "none or gzip"}};
constexpr std::array kSchemes{
    ExportScheme{.scheme = "kafka", .default_port = 9092, .parameters = kOwn, .example = ""},
    ExportScheme{.scheme = "otlp+grpc", .default_port = 4317, .parameters = {}, .example = ""},
    ExportScheme{.scheme = "file", .default_port = 0, .parameters = {}, .example = ""},
    ExportScheme{.scheme = "stdout", .default_port = 0, .parameters = {}, .example = ""}};
constexpr Nanos kNow = 1'764'000'000LL * kSecond;

ExportTarget read(std::string_view url) {
  auto target = parse_export_target(url, kSchemes, kNow);
  EXPECT_TRUE(target) << url << ": " << target.error().message;
  return target ? *target : ExportTarget{};
}

std::string why(std::string_view url) {
  const auto target = parse_export_target(url, kSchemes, kNow);
  EXPECT_FALSE(target) << url;
  if (target) return "";
  EXPECT_EQ(target.error().kind, ErrorKind::kUsage) << url;
  EXPECT_EQ(target.error().message.find('\n'), std::string::npos) << url;
  return target.error().message;
}

TEST(ExportTarget, ReadsAllParts) {
  const auto target = read(
      "otlp+grpc://me@collector.example:4000/v1?name=main&filter=namespace%3Dshop and port=443"
      "&records=flows, drops&fields=time,src.workload,dst-ip,src.label.app&batch=50&interval=5s"
      "&queue=1MiB&timeout=3s&ca=/ca.pem&certificate=/c.pem&key=/k.pem&insecure");
  EXPECT_EQ(target.name, "main");
  EXPECT_EQ(target.scheme, "otlp+grpc");
  EXPECT_EQ(target.user, "me");
  EXPECT_EQ(target.host, "collector.example");
  EXPECT_EQ(target.port, 4000);
  EXPECT_EQ(target.path, "/v1");
  EXPECT_NE(target.filter.filter, nullptr);
  EXPECT_EQ(target.kinds, (std::vector{RecordKind::kFlow, RecordKind::kDrop}));
  ASSERT_EQ(target.fields.size(), 4U);
  EXPECT_EQ(field_name(target.fields[2]), "dst.ip");
  EXPECT_EQ(field_name(target.fields[3]), "src.label.app");
  EXPECT_EQ(target.batch, 50U);
  EXPECT_EQ(target.interval, 5 * kSecond);
  EXPECT_EQ(target.queue, 1U << 20U);
  EXPECT_EQ(target.timeout, 3 * kSecond);
  EXPECT_EQ(target.ca_file, "/ca.pem");
  EXPECT_EQ(target.certificate_file, "/c.pem");
  EXPECT_EQ(target.key_file, "/k.pem");
  EXPECT_TRUE(target.insecure);
  EXPECT_EQ(target.where(), "otlp+grpc://me@collector.example:4000/v1");
}

TEST(ExportTarget, HasDefaults) {
  const auto target = read("kafka://broker?topic=a%26b&compression=");
  EXPECT_EQ(target.name, "kafka");
  EXPECT_EQ(target.port, 9092);
  EXPECT_EQ(target.kinds.size(), kRecordKinds);
  EXPECT_EQ(target.interval, kSecond);
  EXPECT_EQ(target.fold, ExportFold::kNone);
  ASSERT_NE(target.parameter("topic"), nullptr);
  EXPECT_EQ(*target.parameter("topic"), "a&b");
  EXPECT_EQ(*target.parameter("compression"), "");
  EXPECT_EQ(target.parameter("name"), nullptr);
}

TEST(ExportTarget, ReadsAddressesFilesAndNothingAtAll) {
  EXPECT_EQ(read("kafka://[fd00::1]:99").host, "fd00::1");
  EXPECT_EQ(read("kafka://[fd00::1]:99").where(), "kafka://[fd00::1]:99");
  EXPECT_EQ(read("kafka://[fd00::1]").port, 9092);
  EXPECT_EQ(read("kafka://10.0.0.1").host, "10.0.0.1");
  EXPECT_EQ(read("file:///var/log/a%20b.jsonl").path, "/var/log/a b.jsonl");
  EXPECT_EQ(read("file:///var/log/x").where(), "file:///var/log/x");
  EXPECT_EQ(read("stdout:").where(), "stdout:");
  EXPECT_EQ(read("stdout:?records=alerts").kinds, std::vector{RecordKind::kAlert});
  // A '+' is itself: it stands in filters.
  EXPECT_NE(read("stdout:?filter=tcp_flags=syn+ack").filter.filter, nullptr);
}

TEST(ExportTarget, FilterDecidesWhichKindsThereAre) {
  EXPECT_EQ(read("stdout:?filter=rtt>5ms").kinds,
            (std::vector{RecordKind::kFlow, RecordKind::kConnection}));
  EXPECT_EQ(read("stdout:?filter=drop.reason=NO_SOCKET").kinds, std::vector{RecordKind::kDrop});
  EXPECT_EQ(read("stdout:?filter=drops port=443").kinds, std::vector{RecordKind::kDrop});
  EXPECT_NE(why("stdout:?filter=rtt>5ms&records=flows,alerts").find("alerts do not have"),
            std::string::npos);
}

TEST(ExportTarget, FieldsDecideWhichKindsThereAre) {
  EXPECT_EQ(read("stdout:?fields=drop.reason").kinds, std::vector{RecordKind::kDrop});
  EXPECT_EQ(read("stdout:?fields=time,drop.reason").kinds.size(), kRecordKinds);
}

TEST(ExportTarget, ABatchIsTheSchemesWhereTheQueueHasRoomForMany) {
  const std::vector schemes{
      ExportScheme{.scheme = "large", .parameters = {}, .example = "", .batch = 4000},
      ExportScheme{.scheme = "usual", .parameters = {}, .example = ""}};
  const auto batch_of = [&](std::string_view url) {
    const auto target = parse_export_target(url, schemes, kNow);
    EXPECT_TRUE(target) << url << ": " << target.error().message;
    return target ? target->batch : 0;
  };
  EXPECT_EQ(batch_of("usual:"), 1000U);
  EXPECT_EQ(batch_of("usual:?queue=1GiB"), 1000U);
  EXPECT_EQ(batch_of("large:"), 4000U);
  EXPECT_EQ(batch_of("large:?queue=8MiB"), 2048U);
  EXPECT_EQ(batch_of("large:?queue=1MiB"), 1000U);
  EXPECT_EQ(batch_of("large:?queue=1MiB&batch=7000"), 7000U);
}

TEST(ExportTarget, AFoldWaitsLonger) {
  EXPECT_EQ(read("stdout:?fold=workload").interval, 10 * kSecond);
  EXPECT_EQ(read("stdout:?interval=1m&fold=workload").interval, 60 * kSecond);
  EXPECT_EQ(read("stdout:?fold=workload&pairs=9").pairs, 9U);
}

TEST(ExportTarget, ErrorsSayWhatAndTheWayOut) {
  const std::pair<const char*, const char*> kBad[] = {
      {"", "is not a destination"},
      {"/var/log/x", "begins with what it is"},
      {"kafak://broker", "did you mean 'kafka'?"},
      {"gopher://x", "there are kafka, otlp+grpc, file, stdout"},
      {"kafka://broker?topics=x", "did you mean 'topic'?"},
      {"kafka://broker?interwal=1s", "did you mean 'interval'?"},
      {"kafka://broker?zzzzzzzz=1", "there are topic, compression, name"},
      {"kafka://broker?topic=a&topic=b", "topic is given twice"},
      {"kafka://broker:0", "not a port from 1 to 65535"},
      {"kafka://broker:99999", "not a port"},
      {"kafka://broker:", "not a port"},
      {"kafka://:9092", "without a host"},
      {"kafka://fd00::1", "in brackets"},
      {"kafka://[fd00::1", "']' is missing"},
      {"kafka://[10.0.0.1]", "not an IPv6 address"},
      {"kafka://[fd00::1]x", "only a port"},
      {"kafka://me:secret@broker", "put it into a file"},
      {"kafka://a b", "not a host name"},
      {"file:///a%zz", "%25"},
      {"file:///a%00b", "NUL"},
      {"stdout:?filter=scr.ip=1", "did you mean 'src.ip'?"},
      {"stdout:?filter=scr.ip=1", "at column 1"},
      {"stdout:?filter=port=1 | limit 3", "no stages"},
      {"stdout:?records=flaws", "did you mean 'flows'?"},
      {"stdout:?records=", "records is empty"},
      {"stdout:?fields=scr.ip", "did you mean 'src.ip'?"},
      {"stdout:?fields=ip", "src.ip or dst.ip"},
      {"stdout:?fields=src.label", "which label"},
      {"stdout:?fields=,", "fields is empty"},
      {"stdout:?fields=drop.reason&records=flows", "flows have none of them"},
      {"stdout:?fields=drop.reason&filter=rtt>1ms", "has none of them"},
      {"stdout:?fold=pods", "none or workload"},
      {"stdout:?batch=0", "a number from 1 to 100000"},
      {"stdout:?interval=-1s", "a duration from 10ms to 1h"},
      {"stdout:?queue=1", "a size from 64KiB"},
      {"stdout:?timeout=1ms", "a duration"},
      {"stdout:?ca=x", "begins with /"},
      {"stdout:?certificate=/x", "go together"},
      {"stdout:?insecure=perhaps", "true or false"},
      {"stdout:?name=a b", "letters"},
  };
  for (const auto& [url, says] : kBad)
    EXPECT_NE(why(url).find(says), std::string::npos) << url << ": " << why(url);
  EXPECT_NE(why(std::string(40'000, 'x')).find("at most"), std::string::npos);
  // Passwords are not repeated.
  EXPECT_EQ(why("kafka://me:secret@broker").find("secret"), std::string::npos);
}

TEST(FieldSelection, IsWhatWasChosenOrTheUsual) {
  const FieldSelection chosen(read("stdout:?fields=bytes,time,drop.reason,alert.id,side"));
  const auto names = [](std::span<const FieldRef> refs) {
    std::string all;
    for (const FieldRef& ref : refs) all += field_name(ref) + " ";
    return all;
  };
  EXPECT_EQ(names(chosen.of(RecordKind::kFlow)), "bytes time ");
  EXPECT_EQ(names(chosen.of(RecordKind::kDrop)), "bytes time drop.reason ");
  EXPECT_EQ(names(chosen.of(RecordKind::kAlert)), "time alert.id ");
  const FieldSelection usual(read("stdout:"));
  EXPECT_TRUE(names(usual.of(RecordKind::kFlow)).starts_with("time observer protocol src.ip "));
  const FieldSelection sums(read("stdout:?fold=workload"));
  EXPECT_NE(names(sums.of(RecordKind::kFlow)).find("src.workload "), std::string::npos);
  EXPECT_EQ(names(sums.of(RecordKind::kDrop)), names(usual.of(RecordKind::kDrop)));
}

}  // namespace
}  // namespace netprobe
