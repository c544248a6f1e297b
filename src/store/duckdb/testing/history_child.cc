// SPDX-License-Identifier: Apache-2.0
// Writes history until it is killed: for store_duckdb_crash_test. Prints "taken N"
// before batch N goes to the store, and "acknowledged N" when the store has said that
// it is on the disk.
//
// usage: history_child DIRECTORY FIRST FLOWS sums|nothing|MOMENT
// MOMENT: files are summed up until the one of DuckDbOptions, at which it is killed.
#include <signal.h>  // NOLINT: raise() of POSIX
#include <unistd.h>

#include <cstdint>
#include <future>
#include <string>

#include "store/duckdb/duckdb_store.h"
#include "store/duckdb/testing/store_fixture.h"

namespace {

void say(const std::string& text) {
  const std::string line = text + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) ::_exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const netprobe::SystemClock clock;
  netprobe::DuckDbOptions options;
  options.directory = argv[1];
  options.min_free_bytes = 0;
  const std::string how = argv[4];
  const bool sums = how != "nothing";
  if (sums && how != "sums")
    options.at_moment = [&how](std::string_view moment) {
      if (moment == how) (void)::raise(SIGKILL);
    };
  // Files are closed and summed up all the time.
  if (sums) options.raw_bytes = 1;
  options.housekeeping = 1000;
  auto store = netprobe::DuckDbStore::open(options, clock);
  if (!store) {
    say("failed " + store.error().message);
    return 1;
  }
  const std::uint64_t flows = std::stoull(argv[3]);
  std::uint64_t written = 0;
  for (std::uint64_t first = std::stoull(argv[2]);; first += 1'000'000) {
    say("taken " + std::to_string(first));
    const auto batch = netprobe::duck::make_batch(first, flows, clock.wall() / 1000, 10);
    (*store)->write(batch);
    std::promise<void> done;
    (*store)->flush(60'000'000, [&done] { done.set_value(); });
    done.get_future().wait();
    const auto now = (*store)->status().rows_written;
    if (now != written + batch->size()) {
      say("failed: it was not written: " + (*store)->status().problem);
      return 1;
    }
    written = now;
    say("acknowledged " + std::to_string(first));
  }
}
