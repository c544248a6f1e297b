// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "api/connections_query.h"
#include "base/json_writer.h"

namespace {

using namespace netprobe;

SnapshotPtr make_snapshot() {
  Signals signals;
  const auto process = std::make_shared<const ProcessRef>(
      ProcessRef{812, "curl", 7, "/system.slice/x", std::string(64, 'a')});
  for (std::uint64_t id = 1; id <= 20; ++id) {
    Connection& c = signals.sockets.connections.emplace_back();
    c.id = id;
    c.tuple = {*IpAddress::parse("10.0.0.1"), *IpAddress::parse("fd00::2"),
               static_cast<std::uint16_t>(id), 80, id % 2 == 0 ? kProtoTcp : kProtoUdp};
    if (id % 3 != 0) c.process = process;
    c.state = "established";
    c.verdict = "open";
    ListeningSocket& socket = signals.sockets.listening.emplace_back();
    socket.id = id;
    socket.port = static_cast<std::uint16_t>(id);
    socket.process = c.process;
  }
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->signals = std::make_shared<const Signals>(std::move(signals));
  return snapshot;
}

}  // namespace

/// Any query string is either refused with a sentence, or answered.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto params = parse_query({reinterpret_cast<const char*>(data), size});
  if (!params) return 0;
  static const auto kSnapshot = make_snapshot();
  const auto query = parse_connections_query(*params, 0);
  if (!query) {
    if (query.error().detail.empty() || query.error().parameter.size() > size) std::abort();
    return 0;
  }
  if (query->limit < 1 || query->limit > kMaxLimit) std::abort();
  const auto page = connections_page(*kSnapshot, *query);
  if (!page.ends_with('}') || (query->after && page.find("\"listening\":[]") == page.npos))
    std::abort();
  return 0;
}
