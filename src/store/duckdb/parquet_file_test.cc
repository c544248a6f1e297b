// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/parquet_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "store/duckdb/database.h"
#include "store/duckdb/testing/store_fixture.h"

namespace netprobe::duck {
namespace {

class ParquetFileTest : public StoreTest {
 protected:
  /// The first value of what the statement finds in the file, with {} for the file.
  [[nodiscard]] Value read(const std::string& sql) {
    if (!session_) {
      instance_ = std::move(*Instance::open(*Library::load(), {}));
      session_ = std::move(*Session::open(*instance_));
    }
    auto value = session_->value(
        fmt::format(fmt::runtime(sql), fmt::format("read_parquet({})", quote_text(path()))));
    EXPECT_TRUE(value.has_value()) << value.error().message;
    return value.value_or(Value());
  }
  [[nodiscard]] std::string path() const { return (folder_ / "answer.parquet").string(); }

 private:
  std::unique_ptr<Instance> instance_;
  std::unique_ptr<Session> session_;
};

TEST_F(ParquetFileTest, HoldsAnAnswerAsItIs) {
  QueryAnswer answer;
  answer.columns = {{.name = "time", .type = FieldType::kTime},
                    {.name = "src.ip", .type = FieldType::kAddress},
                    {.name = "it's \"odd\"", .type = FieldType::kText},
                    {.name = "protocol", .type = FieldType::kProtocol},
                    {.name = "bytes", .type = FieldType::kCount},
                    {.name = "rtt", .type = FieldType::kDuration},
                    {.name = "nat", .type = FieldType::kBool},
                    {.name = "avg", .type = FieldType::kCount, .is_real = true}};
  // More than go into one statement.
  constexpr std::int64_t kRows = 1'203;
  for (std::int64_t i = 0; i < kRows; ++i) {
    answer.rows.push_back({std::int64_t{1'700'000'000'000'000} + i, *IpAddress::parse("fd00::1"),
                           std::string("'; DROP TABLE answer; --\xff"), std::uint64_t{6},
                           std::numeric_limits<std::uint64_t>::max(),
                           std::numeric_limits<std::int64_t>::min(), true, 0.1});
  }
  answer.rows.push_back(std::vector<Value>(answer.columns.size()));
  const auto written = write_parquet(answer, path());
  ASSERT_TRUE(written.has_value()) << written.error().message;

  EXPECT_EQ(read("SELECT count(*)::UBIGINT FROM {}"), Value(std::uint64_t{kRows + 1}));
  EXPECT_EQ(read("SELECT count(*)::UBIGINT FROM {} WHERE \"src.ip\" = 'fd00::1' AND \"it's "
                 "\"\"odd\"\"\" = '''; DROP TABLE answer; --\xef\xbf\xbd' AND protocol = 'tcp' AND "
                 "nat AND avg = 0.1::DOUBLE"),
            Value(std::uint64_t{kRows}));
  EXPECT_EQ(read("SELECT max(bytes) FROM {}"), Value(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_EQ(read("SELECT min(rtt) FROM {}"), Value(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(read("SELECT epoch_us(max(time)) FROM {}"),
            Value(std::int64_t{1'700'000'000'000'000 + kRows - 1}));
  EXPECT_EQ(read("SELECT count(*)::UBIGINT FROM {} WHERE time IS NULL AND bytes IS NULL"),
            Value(std::uint64_t{1}));
}

TEST_F(ParquetFileTest, SaysWhatDoesNotGo) {
  EXPECT_FALSE(write_parquet({}, path()).has_value());
  QueryAnswer answer;
  answer.columns = {{.name = "bytes", .type = FieldType::kCount}};
  EXPECT_TRUE(write_parquet(answer, path()).has_value()) << "no rows are an answer as well";
  const auto nowhere = write_parquet(answer, (folder_ / "none/answer.parquet").string());
  ASSERT_FALSE(nowhere.has_value());
  EXPECT_NE(nowhere.error().message.find("answer.parquet"), std::string::npos)
      << nowhere.error().message;
}

}  // namespace
}  // namespace netprobe::duck
