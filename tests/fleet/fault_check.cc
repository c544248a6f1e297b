// SPDX-License-Identifier: Apache-2.0
#include "fleet/fault_check.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <set>
#include <thread>

#include "base/clock.h"

namespace netprobe::test {
namespace {

using Kept = std::map<std::string, ClusterRun::Kept>;
using Seconds = std::chrono::duration<double>;

enum class Health : std::uint8_t { kWell, kDead, kSlow, kFlapping };

/// What is done to the cluster while it is asked.
struct Situation {
  std::string name;
  bool dead = false;
  bool slow = false;
  bool flapping = false;

  [[nodiscard]] Health health(std::size_t agent) const {
    const std::size_t place = agent % kFaultEvery;
    if (dead && place == kDead) return Health::kDead;
    if (slow && place == kSlow) return Health::kSlow;
    if (flapping && place == kFlapping) return Health::kFlapping;
    return Health::kWell;
  }
};

/// Kills some agents and begins them again, over and over, until it ends.
class Flapper {
 public:
  explicit Flapper(const ClusterRun& run) : run_(run), thread_([this] { flap(); }) {}
  ~Flapper() {
    ended_ = true;
    thread_.join();
  }
  Flapper(const Flapper&) = delete;
  Flapper& operator=(const Flapper&) = delete;

 private:
  void flap() const {
    const std::string those = fmt::format("?from={}&step={}", kFlapping, kFaultEvery);
    while (!ended_) {
      (void)run_.fleet("/stop" + those);
      std::this_thread::sleep_for(std::chrono::milliseconds(700));
      (void)run_.fleet("/start" + those);
      std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    }
  }
  const ClusterRun& run_;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

/// Holds what an answer says of each node against what the node keeps. A node that is
/// well has told all of it; one that is not is told of by the next, as far as flows go
/// there; none is counted twice.
void judge(FaultAnswer& answer, const std::map<std::string, std::uint64_t>& told, const Kept& kept,
           const std::set<std::string>& missing, const Situation& situation) {
  std::size_t number = 0;
  for (const auto& [node, flows] : kept) {
    Health health = situation.health(number++);
    // A busy machine may be too slow for one that is well, too: the answer says so.
    if (health == Health::kWell && missing.contains(node)) health = Health::kSlow;
    const auto found = told.find(node);
    const std::uint64_t got = found == told.end() ? 0 : found->second;
    answer.missing_flows += flows.all - std::min(flows.all, got);
    bool right = got == flows.all;
    if (health == Health::kDead) right = got == flows.between;
    // Slow and flapping ones may have answered the first time.
    if (health == Health::kSlow || health == Health::kFlapping)
      right = got == flows.all || got == flows.between || (answer.warned && got < flows.all);
    if (!right && answer.wrong.empty())
      answer.wrong = fmt::format("{} has {} flows in the answer, of {} ({} between nodes)", node,
                                 got, flows.all, flows.between);
  }
  if (answer.asked != kept.size())
    answer.wrong = fmt::format("{} agents were asked, and not {}", answer.asked, kept.size());
  if (answer.partial != (answer.answered < answer.asked))
    answer.wrong = "partial does not say what the numbers of agents say";
}

Result<FaultAnswer> ask(const ClusterRun& run, const Kept& kept, const Situation& situation) {
  FaultAnswer answer{.situation = situation.name, .wrong = {}};
  const auto begin = std::chrono::steady_clock::now();
  auto page = run.query("flows | count by src.node");
  answer.millis = Seconds(std::chrono::steady_clock::now() - begin).count() * 1e3;
  if (!page) return std::unexpected(page.error());
  const auto& object = page->as_object();
  if (!object.contains("sources"))
    return fail("no answer: " + boost::json::serialize(*page).substr(0, 500));
  const auto& sources = object.at("sources").as_object();
  answer.asked = sources.at("agents").to_number<std::uint64_t>();
  answer.answered = sources.at("answered").to_number<std::uint64_t>();
  answer.partial = object.at("partial").as_bool();
  if (const auto* warnings = object.if_contains("warnings"); warnings != nullptr)
    for (const auto& each : warnings->as_array())
      if (each.as_string().find("may be missing") != boost::json::string::npos)
        answer.warned = true;
  std::set<std::string> missing;
  for (const auto& each : sources.at("missing").as_array())
    missing.emplace(each.at("node").as_string());
  std::map<std::string, std::uint64_t> told;
  for (const auto& row : object.at("rows").as_array()) {
    const auto& cells = row.as_array();
    told[std::string(cells.at(0).as_string())] = cells.at(1).to_number<std::uint64_t>();
  }
  judge(answer, told, kept, missing, situation);
  return answer;
}

Status set_up(const ClusterRun& run, const Situation& situation) {
  const auto tell = [&](const std::string& what) -> Status {
    if (auto done = run.fleet(what); !done) return std::unexpected(done.error());
    return {};
  };
  const std::string dead = fmt::format("?from={}&step={}", kDead, kFaultEvery);
  const std::string slow = fmt::format("?from={}&step={}", kSlow, kFaultEvery);
  if (auto s = tell((situation.dead ? "/stop" : "/start") + dead); !s) return s;
  return tell(fmt::format("/delay{}&ms={}", slow, situation.slow ? 60'000 : 0));
}

}  // namespace

Result<std::vector<FaultAnswer>> check_faults(const ClusterRun& run, std::size_t agents,
                                              int questions) {
  const Kept kept = run.kept();
  if (kept.size() != agents) return fail("the fleet does not say what it keeps");
  std::size_t each = 0;
  for (std::size_t i = 0; i < agents; ++i)
    if (i % kFaultEvery == kDead) ++each;
  std::vector<FaultAnswer> result;
  for (const Situation& situation : {Situation{.name = "all well"},
                                     {.name = fmt::format("{} dead", each), .dead = true},
                                     {.name = fmt::format("{} slow", each), .slow = true},
                                     {.name = fmt::format("{} flapping", each), .flapping = true},
                                     {.name = fmt::format("{0} dead, {0} slow, {0} flapping", each),
                                      .dead = true,
                                      .slow = true,
                                      .flapping = true},
                                     {.name = "all well again"}}) {
    if (auto set = set_up(run, situation); !set) return std::unexpected(set.error());
    const std::size_t ready = situation.dead ? agents - each : agents;
    if (auto there = run.wait_for_agents(ready); !there) return std::unexpected(there.error());
    std::optional<Flapper> flapper;
    if (situation.flapping) flapper.emplace(run);
    for (int i = 0; i < questions; ++i) {
      auto answer = ask(run, kept, situation);
      if (!answer) return std::unexpected(answer.error());
      result.push_back(std::move(*answer));
    }
    flapper.reset();
    // Whoever was killed last is there again before the next.
    const std::string all = fmt::format("/start?from={}&step={}", kFlapping, kFaultEvery);
    if (auto begun = run.fleet(all); !begun) return std::unexpected(begun.error());
  }
  return result;
}

}  // namespace netprobe::test
