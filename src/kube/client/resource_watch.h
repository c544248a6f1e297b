// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/backoff.h"
#include "kube/client/known_objects.h"
#include "kube/client/kube_client.h"
#include "kube/client/list_splitter.h"
#include "kube/client/object_parser.h"
#include "kube/client/resource_type.h"
#include "kube/client/transport.h"

namespace netprobe::kube {

/// What a watch needs of the client that it belongs to.
class WatchHost {
 public:
  virtual ~WatchHost() = default;
  [[nodiscard]] virtual Transport& transport() = 0;
  [[nodiscard]] virtual ObjectParser& parser() = 0;
  [[nodiscard]] virtual const Clock& clock() const = 0;
  virtual void emit(KubeChange change) = 0;
  /// A request ended otherwise than wished; the configuration may be why.
  virtual void failed(const Outcome& outcome) = 0;
  /// The server answered, with anything but "who are you".
  virtual void answered() = 0;
};

/// Keeps one kind of object up to date: lists it in pages, watches from where
/// the list was, begins the watch again when it ends, lists anew when the
/// server no longer has what happened since (410). Never gives up.
/// Source: kubernetes.io/docs/reference/using-api/api-concepts.
class ResourceWatch {
 public:
  ResourceWatch(const ResourceType& type, const KubeClientOptions& options, WatchHost& host);
  ResourceWatch(const ResourceWatch&) = delete;
  ResourceWatch& operator=(const ResourceWatch&) = delete;

  /// Starts and ends what is due.
  void step();
  /// When that has something to do next (monotonic).
  [[nodiscard]] Nanos due() const;
  /// The server has this kind in its older version alone.
  void use_older(bool older) { older_ = older && !type_.older_path.empty(); }
  /// What it waits with is tried now: credentials are new.
  void hurry();
  /// Another server: what is known stays until the new list is whole.
  void start_over();

  [[nodiscard]] ResourceKind kind() const { return type_.kind; }
  [[nodiscard]] KubeResourceStatus status() const;
  [[nodiscard]] bool synced() const { return status_.synced; }
  /// Forbidden, or not there: asked for seldom, and nothing waits for it.
  [[nodiscard]] bool denied() const { return denied_; }
  [[nodiscard]] const std::string& error() const { return status_.error; }

 private:
  enum class State : std::uint8_t { kWaiting, kListing, kWatching };

  void request_page();
  void request_watch();
  [[nodiscard]] std::string path() const;
  void take_item(std::string_view text);
  void page_done(const Outcome& outcome);
  void list_done(std::string version);
  [[nodiscard]] bool take_watch_data(std::string_view data);
  [[nodiscard]] bool take_line();
  [[nodiscard]] bool take_event(std::string_view type, JsonElement object);
  void watch_done(const Outcome& outcome);
  /// Judges what is neither a list nor a watch; `what` was asked for.
  void refused(const Outcome& outcome, const std::string& what);
  void retry(std::string error, Nanos at_least = 0);
  void relist();
  void wait_until(Nanos when);

  const ResourceType& type_;
  const KubeClientOptions& options_;
  WatchHost& host_;
  Backoff backoff_;
  Backoff gone_backoff_;  ///< of watches that end in a new list
  KnownObjects known_;
  KubeResourceStatus status_;
  DecodeCounts counts_;

  State state_ = State::kWaiting;
  Nanos due_ = 0;
  Transport::Id request_ = 0;
  bool older_ = false;
  bool other_tried_ = false;  ///< the other of two paths is not there either
  bool denied_ = false;
  Nanos denied_since_ = 0;  ///< monotonic; 0: the last answer was none of that kind
  bool first_list_ = true;

  std::unique_ptr<ListSplitter> splitter_;
  std::string continue_;   ///< of the next page
  int expired_pages_ = 0;  ///< lists that outlived their continue token
  std::string version_;    ///< to watch from; empty: list first
  std::string line_;       ///< of a watch, not whole yet
  bool line_too_long_ = false;
  bool watch_open_ = false;  ///< the server took it
  bool progress_ = false;    ///< it told something
  int broken_lines_ = 0;     ///< in a row
  Nanos began_ = 0;
  Nanos last_data_ = 0;
  std::optional<ApiStatus> watch_error_;
  std::string watch_trouble_;
};

}  // namespace netprobe::kube
