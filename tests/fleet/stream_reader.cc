// SPDX-License-Identifier: Apache-2.0
#include "fleet/stream_reader.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/clock.h"
#include "io/http_client.h"

namespace netprobe::test {
namespace {

constexpr std::uint64_t kSampleEvery = 10;
constexpr std::int64_t kDay = 86'400'000'000;

std::int64_t number_at(std::string_view text, std::size_t at, std::size_t size) {
  std::int64_t number = 0;
  if (at + size <= text.size()) std::from_chars(text.data() + at, text.data() + at + size, number);
  return number;
}

/// Microseconds of its day, of "…"last_seen":"2026-01-02T03:04:05.678901Z"…"; -1 without.
std::int64_t time_of_day(std::string_view line) {
  constexpr std::string_view kName = "\"last_seen\":\"";
  const auto at = line.find(kName);
  if (at == std::string_view::npos) return -1;
  const std::size_t clock = at + kName.size() + 11;
  const std::int64_t seconds =
      (number_at(line, clock, 2) * 60 + number_at(line, clock + 3, 2)) * 60 +
      number_at(line, clock + 6, 2);
  return seconds * 1'000'000 + number_at(line, clock + 9, 6);
}

}  // namespace

StreamReader::StreamReader(std::string url) : url_(std::move(url)), thread_([this] { read(); }) {}

StreamReader::~StreamReader() { (void)end(); }

bool StreamReader::wait_until_open() const {
  for (int i = 0; i < 3000 && !open_; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return open_;
}

std::vector<double> StreamReader::end() {
  ended_ = true;
  if (thread_.joinable()) thread_.join();
  return std::move(latencies_);
}

void StreamReader::read() {
  HttpClient client;
  std::string event;
  (void)client.stream(
      url_,
      [&](std::string_view line) {
        open_ = true;
        if (line.starts_with("event: ")) event = line.substr(7);
        if (!line.starts_with("data: ")) return !ended_;
        if (event == "flow") take(line);
        if (event == "lost") {
          constexpr std::string_view kName = "\"lost\":";
          const auto at = line.find(kName);
          if (at != std::string_view::npos)
            lost_ += static_cast<std::uint64_t>(
                number_at(line, at + kName.size(),
                          std::min<std::size_t>(12, line.size() - at - kName.size())));
        }
        return !ended_;
      },
      [&] { return !ended_; });
}

void StreamReader::take(std::string_view line) {
  if (records_++ % kSampleEvery != 0) return;
  const std::int64_t time = time_of_day(line);
  if (time < 0) return;
  const std::int64_t now = SystemClock().wall() / kMicrosecond % kDay;
  latencies_.push_back(static_cast<double>((now - time + kDay) % kDay) / 1e3);
}

HttpSize size_of(const std::string& url) {
  HttpClient client;
  const auto reply = client.get(url);
  if (!reply || reply->status != 200) return {};
  return {static_cast<double>(reply->body.size()),
          static_cast<std::size_t>(std::ranges::count(reply->body, '\n'))};
}

}  // namespace netprobe::test
