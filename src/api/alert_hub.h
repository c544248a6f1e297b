// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "api/alerts_query.h"
#include "io/http_server.h"
#include "model/alert.h"

namespace netprobe {

/// Tells the clients of /api/alerts/stream what becomes of alerts: those that are active
/// first, then each that is opened, becomes worse, or is over, and every ten seconds one
/// that goes on. The server's thread only; looks while there is anybody.
class AlertHub : public std::enable_shared_from_this<AlertHub> {
 public:
  AlertHub(std::function<AlertReportPtr()> source, HttpTimer timer, std::string node)
      : source_(std::move(source)), timer_(std::move(timer)), node_(std::move(node)) {}

  void add(std::uint64_t client, EventStreamPtr stream, AlertsQuery query);
  void remove(std::uint64_t client) { clients_.erase(client); }
  [[nodiscard]] std::uint64_t new_client() { return ++last_client_; }

 private:
  struct Told {
    AlertState state{};
    Severity severity{};
    Micros updated = 0;
  };
  struct Client {
    EventStreamPtr stream;
    AlertsQuery query;
    std::map<std::string, Told, std::less<>> told;  ///< by id, of those that are there
  };
  void look();
  void tell(Client& client, const AlertReport& report) const;

  const std::function<AlertReportPtr()> source_;
  const HttpTimer timer_;
  const std::string node_;
  std::map<std::uint64_t, Client> clients_;
  std::uint64_t last_client_ = 0;
  bool ticking_ = false;
  AlertReportPtr seen_;
};

}  // namespace netprobe
