// SPDX-License-Identifier: Apache-2.0
// What a record costs between an agent and the server: as a message, on the wire, and
// read again.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "cpu_time.h"
#include "history_data.h"
#include "io/deflate.h"
#include "link/proto/netprobe.pb.h"
#include "link/records_codec.h"
#include "report.h"

namespace netprobe::bench {
namespace {

constexpr int kRounds = 9;
constexpr std::size_t kBatch = 200;
constexpr std::size_t kBatches = 100;
constexpr double kRecords = static_cast<double>(kBatch * kBatches);
constexpr double kBudget = 1500;  // ns

int run() {
  HistoryData data;
  std::vector<std::shared_ptr<HistoryBatch>> batches;
  for (std::size_t i = 0; i < kBatches; ++i) batches.push_back(data.next(kBatch));
  std::vector<double> encoding;
  std::vector<double> decoding;
  std::vector<std::string> messages(kBatches);
  RecordsEncoder encoder;
  RecordsDecoder decoder;
  v1::Records message;
  std::size_t bytes = 0;
  std::size_t wrong = 0;
  for (int round = 0; round < kRounds; ++round) {
    encoding.push_back(thread_seconds_of([&] {
                         for (std::size_t i = 0; i < kBatches; ++i) {
                           message.Clear();
                           encoder.encode(*batches[i], message);
                           message.SerializeToString(&messages[i]);
                         }
                       }) /
                       kRecords * 1e9);
    decoding.push_back(thread_seconds_of([&] {
                         for (const std::string& text : messages) {
                           message.Clear();
                           message.ParseFromString(text);
                           const auto batch = decoder.decode(message);
                           wrong += batch && batch->flows.size() == kBatch ? 0 : 1;
                         }
                       }) /
                       kRecords * 1e9);
  }
  if (wrong != 0) {
    fmt::print(stderr, "link_bench: {} batches were not read\n", wrong);
    return 1;
  }
  for (const std::string& text : messages) bytes += text.size();
  std::string zipped;
  const double zipping = thread_seconds_of([&] {
                           for (const std::string& text : messages) zipped += gzip(text);
                         }) /
                         kRecords * 1e9;
  const double each = static_cast<double>(bytes) / kRecords;
  const double packed = static_cast<double>(zipped.size()) / kRecords;
  const double encode = median(std::move(encoding));
  const double decode = median(std::move(decoding));
  report(
      "Records between agent and server, batches of 200",
      {{"a flow record", "to a message", encode, "ns", "", fmt::format("<= {:.0f} ns", kBudget),
        encode <= kBudget},
       {"a flow record", "from a message", decode, "ns", "", fmt::format("<= {:.0f} ns", kBudget),
        decode <= kBudget},
       {"a flow record", "on the wire", each, "bytes", "", "", true},
       {"a flow record", "on the wire, gzip", packed, "bytes",
        fmt::format("{:.2f} of the bytes, {:.0f} ns to pack", packed / each, zipping), "", true}});
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::run(); }
