// SPDX-License-Identifier: Apache-2.0
// Names from the server to an agent, over loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "link/names_client.h"
#include "link/names_service.h"
#include "link/testing/certificates.h"
#include "link/testing/fake_agent.h"

namespace netprobe {
namespace {

using testing::Certificates;
using testing::eventually;

KubeChange pod(const std::string& name, bool deleted = false) {
  auto object = std::make_shared<KubePod>();
  object->meta = {.name = name, .name_space = "shop", .uid = "uid-" + name};
  object->ips = {*IpAddress::parse("10.0.0.1")};
  return {.deleted = deleted, .seen = kSecond, .object = KubePodPtr(std::move(object))};
}

/// What an agent knows by what it was told.
class Book {
 public:
  bool take(std::vector<KubeChange>& changes) {
    const std::lock_guard lock(mutex_);
    if (full_) return false;
    for (const KubeChange& change : changes) {
      ++told_;
      if (change.deleted)
        known_.erase(object_key(change.object));
      else
        known_[object_key(change.object)] = true;
    }
    changes.clear();
    return true;
  }
  void set_full(bool full) {
    const std::lock_guard lock(mutex_);
    full_ = full;
  }
  [[nodiscard]] std::size_t known() const {
    const std::lock_guard lock(mutex_);
    return known_.size();
  }
  [[nodiscard]] std::size_t told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, bool> known_;
  std::size_t told_ = 0;
  bool full_ = false;
};

struct NamesTest : ::testing::Test {
  void serve(const std::string& run, std::size_t pods, std::uint16_t port = 0) {
    log = std::make_unique<NamesLog>(NamesLog::Options{.run_id = run}, clock);
    std::vector<KubeChange> changes;
    for (std::size_t i = 0; i < pods; ++i) changes.push_back(pod("p" + std::to_string(i)));
    log->take(changes);
    auto made = NamesServer::make({"127.0.0.1", port}, *certificates.credentials("server"), *log);
    ASSERT_TRUE(made) << made.error().message;
    server = std::move(*made);
  }
  void synced() {
    KubeStatus status;
    status.state = KubeState::kSynced;
    status.synced_at = kSecond;
    log->set_status(status);
  }
  void tell(std::vector<KubeChange> changes) { log->take(changes); }
  void connect() {
    client = NamesClient::make({.server = "127.0.0.1:" + std::to_string(server->port()),
                                .node = "node-1",
                                .version = "0.1.0",
                                .backoff_min = 10 * kMillisecond,
                                .backoff_max = 100 * kMillisecond},
                               certificates.credentials("agent", "netprobe-server"), clock,
                               std::make_shared<NamesLedger>(),
                               [this](auto& changes) { return book.take(changes); });
    client->start();
  }
  [[nodiscard]] bool is_synced() const { return client->status().state == KubeState::kSynced; }

  SystemClock clock;
  Certificates certificates;
  Book book;
  std::unique_ptr<NamesLog> log;
  std::unique_ptr<NamesServer> server;
  std::unique_ptr<NamesClient> client;
};

TEST_F(NamesTest, TellsAllThenEachChange) {
  serve("run-1", 5000);
  connect();
  ASSERT_TRUE(eventually([&] { return book.known() == 5000; })) << client->status().error;
  EXPECT_NE(client->status().state, KubeState::kSynced);  // the server itself is not
  synced();
  EXPECT_TRUE(eventually([&] { return is_synced(); }));
  tell({pod("p1", true), pod("new")});
  tell({pod("newer")});
  EXPECT_TRUE(eventually([&] { return book.told() == 5003; }));
  EXPECT_EQ(book.known(), 5001U);
  client->stop();
}

TEST_F(NamesTest, TellsWhatVanishedWhenTheServerBeginsAnew) {
  serve("run-1", 100);
  synced();
  connect();
  ASSERT_TRUE(eventually([&] { return is_synced() && book.known() == 100; }));
  const auto port = server->port();
  server.reset();
  ASSERT_TRUE(eventually([&] { return !is_synced(); }));
  serve("run-2", 60, port);
  synced();
  EXPECT_TRUE(eventually([&] { return is_synced() && book.known() == 60; }));
  client->stop();
}

TEST_F(NamesTest, GoesOnWhereItBroke) {
  serve("run-1", 100);
  synced();
  connect();
  ASSERT_TRUE(eventually([&] { return is_synced() && book.told() == 100; }));
  const auto port = server->port();
  server.reset();
  tell({pod("while-away")});
  auto made = NamesServer::make({"127.0.0.1", port}, *certificates.credentials("server"), *log);
  ASSERT_TRUE(made) << made.error().message;
  server = std::move(*made);
  EXPECT_TRUE(eventually([&] { return book.known() == 101; }));
  EXPECT_EQ(book.told(), 101U);  // nothing twice
  client->stop();
}

TEST_F(NamesTest, WaitsForWhoHasNoRoom) {
  book.set_full(true);
  serve("run-1", 100);
  synced();
  connect();
  ASSERT_TRUE(eventually([&] { return client->status().last_contact != 0; }));
  EXPECT_EQ(book.told(), 0U);
  book.set_full(false);
  EXPECT_TRUE(eventually([&] { return book.known() == 100; }));
  client->stop();
}

}  // namespace
}  // namespace netprobe
