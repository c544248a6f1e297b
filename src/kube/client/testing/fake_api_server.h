// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "kube/client/testing/fake_connection.h"

namespace netprobe::kube::testing {

/// What the API server does as far as a client that lists and watches sees it,
/// on loopback, and all that can go wrong with it. Thread-safe.
class FakeApiServer {
 public:
  FakeApiServer() : FakeApiServer(TlsFiles{}) {}
  /// Over TLS where there is a certificate.
  explicit FakeApiServer(TlsFiles tls);
  ~FakeApiServer();
  FakeApiServer(const FakeApiServer&) = delete;
  FakeApiServer& operator=(const FakeApiServer&) = delete;

  [[nodiscard]] std::string url() const;
  [[nodiscard]] int port() const { return port_; }

  /// Makes or changes an object. `name` is "namespace/name", or "name" for
  /// what has no namespace; `metadata` and `fields` are members in JSON, with a
  /// comma in front.
  void put(const std::string& resource, const std::string& name, const std::string& fields = "",
           const std::string& metadata = "");
  void remove(const std::string& resource, const std::string& name);
  /// A line of that watch, as it stands.
  void say(const std::string& resource, const std::string& line);
  void bookmark(const std::string& resource);
  /// Forgets what happened: a watch from before now gets 410.
  void compact();
  /// The database of an earlier day: versions begin anew, objects are gone.
  void reset();
  /// Ends all connections, in the middle of a line if `partial`.
  void cut(const std::string& partial = "");
  /// Goes away; its state stays. Comes back on the same port.
  void go_away();
  void come_back();

  /// The next `times` requests whose target contains `part` get this instead
  /// (negative: all). An answer to put together: raw_answer().
  void answer(const std::string& part, std::string raw, int times = -1);
  /// The same for targets that contain `part` but not `without`.
  void answer_without(const std::string& part, const std::string& without, std::string raw,
                      int times = -1);
  void answer_as_usual();
  /// 401 for others.
  void require_authorization(std::string value);
  /// Serves this version of EndpointSlices alone.
  void serve_slices(const std::string& version);

  /// Targets, with "Authorization" behind them where the client sent one.
  [[nodiscard]] std::vector<std::string> requests() const;
  [[nodiscard]] int count(const std::string& part) const;
  /// Watches that have begun.
  [[nodiscard]] int watches() const;

 private:
  struct Object {
    std::uint64_t version = 0;
    std::string uid;
    std::string text;
  };
  struct Event {
    std::uint64_t version = 0;
    std::string line;
  };
  struct Resource {
    std::map<std::string, Object> objects;
    std::vector<Event> events;
  };
  struct Prepared {
    std::string part;
    std::string without;
    std::string raw;
    int times = 0;
  };

  void listen();
  void accept_loop();
  void serve(FakeConnection& connection);
  [[nodiscard]] bool answer_one(FakeConnection& connection, const std::string& head);
  [[nodiscard]] std::string list(const std::string& target, const std::string& resource);
  [[nodiscard]] bool watch(FakeConnection& connection, const std::string& target,
                           const std::string& resource);
  void shut_connections();

  TlsFiles tls_;
  std::shared_ptr<TlsServer> tls_server_;
  int port_ = 0;
  UniqueFd listener_;
  UniqueFd stop_;
  std::thread accept_;
  std::atomic<bool> away_ = false;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Resource> resources_;
  std::uint64_t version_ = 1;
  std::uint64_t oldest_ = 0;  ///< watches from before it get 410
  std::uint64_t uids_ = 0;
  int watches_ = 0;
  std::uint64_t cuts_ = 0;
  std::string cut_text_;
  std::vector<Prepared> prepared_;
  std::string authorization_;
  std::string slices_ = "v1";
  std::vector<std::string> requests_;
  std::vector<std::thread> threads_;
  std::vector<std::weak_ptr<FakeConnection>> connections_;
};

[[nodiscard]] std::string raw_answer(int status, const std::string& body,
                                     const std::string& headers = "",
                                     const std::string& type = "application/json");
/// A Status of the API.
[[nodiscard]] std::string raw_status(int status, const std::string& message,
                                     const std::string& headers = "");

}  // namespace netprobe::kube::testing
