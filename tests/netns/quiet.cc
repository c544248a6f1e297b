// SPDX-License-Identifier: Apache-2.0
#include "quiet.h"

#include <optional>
#include <stdexcept>

namespace netprobe::test {
namespace {

LinkSide kernel_side(simdjson::dom::element side) {
  return {side["packets"], side["bytes"], side["dropped"]};
}

LinkSide agent_side(simdjson::dom::element side) {
  return {side["kernel_packets"], side["kernel_bytes"], 0};
}

}  // namespace

Links kernel_links(const NetNamespace& ns) {
  const auto text = run_ok({"ip", "-n", ns.name(), "-s", "-j", "link", "show"});
  if (!text) throw std::runtime_error(text.error().message);
  const Json json(*text);
  Links links;
  for (const auto link : simdjson::dom::array(json.root()))
    links[text_of(link, "ifname")] = {kernel_side(link["stats64"]["rx"]),
                                      kernel_side(link["stats64"]["tx"])};
  return links;
}

Links agent_links(const Json& interfaces) {
  Links links;
  for (const auto each : simdjson::dom::array(interfaces["interfaces"])) {
    if (!bool(each["attached"])) continue;
    links[text_of(each, "name")] = {agent_side(each["rx"]), agent_side(each["tx"])};
  }
  return links;
}

Sample quiet_sample(const Agent& agent, const NetNamespace& ns) {
  std::optional<Sample> sample;
  const bool came = eventually(
      [&] {
        const Links before = kernel_links(ns);
        // Longer than packets stay in queues, and than the agent remembers
        // what it read for a reader.
        std::this_thread::sleep_for(std::chrono::milliseconds(1500));
        // The statistics sweep the kernel's cache; the others then agree.
        sample.emplace(Sample{agent.json("/api/stats"),
                              agent.json("/api/interfaces"),
                              agent.json("/api/flows?limit=1000"),
                              {},
                              {}});
        sample->agent = agent_links(sample->interfaces);
        sample->kernel = kernel_links(ns);
        // Loopback has these very questions on it.
        Links after = sample->kernel;
        after["lo"] = before.at("lo");
        return before == after && agent_links(agent.json("/api/interfaces")) == sample->agent;
      },
      120 * kSecond);
  if (!came) throw std::runtime_error("packets never ceased to move");
  return std::move(*sample);
}

PointSums point_sums(const std::map<std::uint64_t, std::string>& flows_by_id) {
  PointSums sums;
  for (const auto& [id, text] : flows_by_id) {
    const Json flow(text);
    for (const auto point : simdjson::dom::array(flow["observations"])) {
      if (number_of(point, "depth") != 0) continue;
      sums[{number_of(point, "ifindex"), text_of(point, "direction")}] +=
          number_of(point, "packets") + number_of(point, "reverse_packets");
    }
  }
  return sums;
}

}  // namespace netprobe::test
