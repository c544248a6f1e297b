// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "cluster/cluster_store.h"
#include "cluster/roster.h"
#include "query/distribute.h"

namespace netprobe {

/// One question to all agents, from the first word to the answer. Shared by what is
/// still owed to it; begin() once. Any thread.
class Question : public std::enable_shared_from_this<Question> {
 public:
  Question(QueryRequest request, QueryDone done, Roster roster, Scheduler& scheduler,
           const Clock& clock, const ClusterStoreOptions& options);

  void begin();
  /// Ends it with kCancelled, unless it has its answer.
  void cancel();

 private:
  using Answer = std::expected<QueryAnswer, QueryFailure>;
  enum class Round : std::uint8_t {
    kFirst,
    kAgain,  ///< those that answered are asked about nodes of those that did not
  };
  /// How one agent stands to the question.
  struct Asked {
    bool answered = false;  ///< in the first round, and merged
    bool owes = false;      ///< an answer in this round
    std::string problem;    ///< why not
  };
  /// What happens when no lock is held.
  struct Next {
    std::optional<Answer> finished;
    std::vector<std::size_t> ask;  ///< members of the roster
    QueryRequest part;
    Nanos patience = 0;
    Round round = Round::kFirst;
  };

  void ask(const Next& next);
  void take(std::size_t member, Round round, Answer answer);
  void on_time(Round round);
  void watch_for_cancel();
  void proceed(Next next);

  [[nodiscard]] Next round_over() NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] Next ask_again(const std::vector<std::string>& failed) NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] Next finish() NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] Next end_with(QueryFailure failure) NETPROBE_REQUIRES(mutex_);
  void merge(std::size_t member, Answer answer) NETPROBE_REQUIRES(mutex_);
  void warn(std::string warning) NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] QuerySources sources() const NETPROBE_REQUIRES(mutex_);
  [[nodiscard]] bool is_over() const NETPROBE_REQUIRES(mutex_) { return done_ == nullptr; }

  const QueryRequest request_;
  const Roster roster_;
  Scheduler& scheduler_;
  const Clock& clock_;
  const ClusterStoreOptions options_;
  const Nanos began_;
  /// Of the agents' parts: they are cancelled too when the deadline ends the question.
  const std::shared_ptr<std::atomic<bool>> stop_;

  Mutex mutex_;
  std::shared_ptr<Question> kept_ NETPROBE_GUARDED_BY(mutex_);  ///< itself, while it is open
  QueryDone done_ NETPROBE_GUARDED_BY(mutex_);                  ///< null: it has its answer
  std::optional<DistributedQuery> merged_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<std::string> silent_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<std::string> failed_ NETPROBE_GUARDED_BY(mutex_);  ///< in the first round
  std::vector<Asked> asked_ NETPROBE_GUARDED_BY(mutex_);
  std::size_t owed_ NETPROBE_GUARDED_BY(mutex_) = 0;
  Round round_ NETPROBE_GUARDED_BY(mutex_) = Round::kFirst;
  std::optional<QueryFailure> refusal_ NETPROBE_GUARDED_BY(mutex_);
  std::set<std::string> warnings_ NETPROBE_GUARDED_BY(mutex_);
  std::atomic<std::size_t> rows_waiting_ = 0;  ///< of answers that are not merged yet
};

}  // namespace netprobe
