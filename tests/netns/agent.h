// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/netns.h"
#include "support/process.h"
#include "support/temp_dir.h"

/// The real agent and the real command line in a namespace, as a user runs them.
namespace netprobe::test {

/// Why these tests cannot run here; empty where they can.
[[nodiscard]] std::string end_to_end_obstacle();

/// Binaries under $NETPROBE_BIN (a build folder); without it, of this build.
[[nodiscard]] std::string agent_binary();
[[nodiscard]] std::string cli_binary();

/// Long, since binaries may be under sanitizers and the machine busy.
inline constexpr Nanos kPatience = 30 * kSecond;

/// Waits until the condition holds; false if it did not in time.
template <typename Condition>
[[nodiscard]] bool eventually(Condition condition, Nanos timeout = kPatience) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

/// A document that keeps its own parser. Elements throw where a key is missing
/// or of another type, which fails the test.
class Json {
 public:
  explicit Json(std::string_view text) : root_(parser_->parse(text.data(), text.size())) {}
  [[nodiscard]] simdjson::dom::element root() const { return root_; }
  [[nodiscard]] simdjson::simdjson_result<simdjson::dom::element> operator[](
      std::string_view key) const {
    return root_[key];
  }

 private:
  std::unique_ptr<simdjson::dom::parser> parser_ = std::make_unique<simdjson::dom::parser>();
  simdjson::dom::element root_;
};

[[nodiscard]] std::string text_of(simdjson::dom::element json, std::string_view key);
[[nodiscard]] std::uint64_t number_of(simdjson::dom::element json, std::string_view key);

/// A program at a TC hook, as bpftool sees it from inside a namespace.
struct TcHook {
  std::string device;
  std::string kind;  ///< "tcx/ingress", "clsact/egress", …
  std::uint64_t program = 0;
  bool operator==(const TcHook&) const = default;
};
[[nodiscard]] std::vector<TcHook> tc_hooks(const NetNamespace& ns);
/// Those of them at this device.
[[nodiscard]] std::size_t tc_hooks_at(const NetNamespace& ns, std::string_view device);
/// Is a BPF program of this id still in the kernel?
[[nodiscard]] bool program_is_loaded(std::uint64_t id);

class Agent {
 public:
  /// Starts it on loopback of the namespace, with a folder of its own for data
  /// unless the flags have one, and waits until it answers.
  [[nodiscard]] static Result<Agent> start(const NetNamespace& ns,
                                           std::vector<std::string> flags = {},
                                           const ProcessOptions& options = {});

  /// The body of an answer; throws where there is none, or it is no success.
  [[nodiscard]] std::string get(const std::string& path) const;
  [[nodiscard]] Json json(const std::string& path) const { return Json(get(path)); }
  /// Is the interface watched (attached)?
  [[nodiscard]] bool watches(std::string_view interface) const;
  /// Does it know the interface at all?
  [[nodiscard]] bool knows(std::string_view interface) const;
  [[nodiscard]] Process& process() { return process_; }
  [[nodiscard]] Result<Finished> stop() { return process_.stop(kPatience); }
  /// SIGKILL, and until it is gone.
  [[nodiscard]] Result<Finished> kill();

 private:
  Agent(const NetNamespace& ns, std::unique_ptr<TempDir> data, Process process)
      : ns_(&ns), data_(std::move(data)), process_(std::move(process)) {}
  const NetNamespace* ns_;
  std::unique_ptr<TempDir> data_;  ///< its history; goes after it
  Process process_;
};

/// `netprobe ARGUMENTS` in the namespace, to its end.
[[nodiscard]] Result<Finished> cli(const NetNamespace& ns, std::vector<std::string> arguments);
/// `netprobe-agent ARGUMENTS`, for starts that are refused.
[[nodiscard]] Result<Finished> refused_agent(const NetNamespace& ns,
                                             std::vector<std::string> arguments,
                                             const ProcessOptions& options = {});

/// Flows of /api/flows with this selection, e.g. "protocol=tcp&port=80".
/// Polled until `enough` holds for the document; the last one is handed back.
template <typename Enough>
[[nodiscard]] Json flows_when(const Agent& agent, const std::string& selection, Enough enough) {
  Json page = agent.json("/api/flows?limit=1000&" + selection);
  (void)eventually([&] {
    page = agent.json("/api/flows?limit=1000&" + selection);
    return enough(page);
  });
  return page;
}

}  // namespace netprobe::test
