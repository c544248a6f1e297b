// SPDX-License-Identifier: Apache-2.0
#include "history_questions.h"

#include <fmt/format.h>

#include <future>
#include <memory>

#include "base/clock.h"
#include "base/duration.h"
#include "history_data.h"
#include "query/query.h"
#include "report.h"

namespace netprobe::bench {

std::vector<Question> ten_questions(Micros begin, Micros end) {
  const auto at = [](Micros time) { return format_rfc3339(time * kMicrosecond); };
  const std::string all = " | since " + at(begin) + " | until " + at(end);
  const std::string last_hour = " | since " + at(end - 3'600'000'000) + " | until " + at(end);
  const std::string middle = at(begin + (end - begin) / 2);
  return {
      {"top talkers", "flows | top 10 src.ip, dst.ip by total_bytes" + all},
      {"bytes by namespace pair", "flows | sum bytes by src.namespace, dst.namespace" + all},
      {"drops by reason", "drops | sum packets by drop.reason" + all},
      {"one pod's last hour", "src.pod=service-7-* | sum bytes by dst.workload" + last_hour},
      {"histogram of RTT", "flows | histogram rtt" + all},
      {"distinct peers of a workload", "src.workload=service-3 | distinct dst.ip" + all},
      {"rate over a day, 5-minute steps", "flows | rate total_bytes every 5m | since " +
                                              at(std::max(begin, end - 86'400'000'000)) +
                                              " | until " + at(end)},
      {"new peers", "flows | new src.workload, dst.workload since " + middle + all},
      {"longest connections", "connections | order by duration desc | limit 10" + all},
      {"a filter that matches ten rows", fmt::format("dst.port={}", HistoryData::kRarePort) + all},
      {"a filter's first page", "dst.port=5432 src.workload=service-3" + all, 50, true},
  };
}

std::vector<Question> name_filters(Micros begin, Micros end) {
  const auto at = [](Micros time) { return format_rfc3339(time * kMicrosecond); };
  const std::string sum = " src.port>=1 | sum bytes | since " + at(begin) + " | until " + at(end);
  return {
      {"a pod", "src.pod=service-3-daa66d13-df921" + sum},
      {"a prefix", "src.pod=service-1*" + sum},
      {"a pattern", R"(src.pod~"^service-[12].*-d")" + sum},
      {"a label", "src.label.version=v3" + sum},
      {"a workload on either end", "workload=service-3" + sum},
      {"all but a namespace", "not src.namespace=namespace-3" + sum},
      {"a name that nobody has", "src.pod=no-such-pod" + sum},
  };
}

Timing ask(HistoryStore& store, const Question& question, Micros now, int rounds) {
  Timing timing;
  auto query = parse_query(question.text, now * kMicrosecond);
  if (!query) {
    timing.problem = question.text + ": " + query.error().message;
    return timing;
  }
  std::vector<double> times;
  const SystemClock clock;
  for (int round = 0; round < rounds; ++round) {
    QueryRequest request{.query = *query};
    request.limits.rows = question.rows;
    auto done = std::make_shared<std::promise<std::expected<QueryAnswer, QueryFailure>>>();
    const Nanos begin = clock.monotonic();
    store.query(std::move(request), [done](auto answer) { done->set_value(std::move(answer)); });
    const auto answer = done->get_future().get();
    times.push_back(static_cast<double>(clock.monotonic() - begin) / kMillisecond);
    if (!answer) {
      timing.problem = answer.error().message;
      return timing;
    }
    timing.rows = answer->rows.size();
    timing.tier = to_string(answer->tier);
  }
  timing.milliseconds = median(std::move(times));
  return timing;
}

}  // namespace netprobe::bench
