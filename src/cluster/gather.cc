// SPDX-License-Identifier: Apache-2.0
#include "cluster/gather.h"

#include <memory>
#include <utility>

#include "base/mutex.h"

namespace netprobe {
namespace {

class Gathering : public std::enable_shared_from_this<Gathering> {
 public:
  using Done = std::function<void(std::vector<AgentPage>)>;
  using Answer = std::expected<PageAnswer, QueryFailure>;

  Gathering(const std::vector<PageQuestion>& questions, Scheduler& scheduler, Done done)
      : scheduler_(scheduler), done_(std::move(done)), owed_(questions.size()) {
    for (const auto& question : questions)
      pages_.push_back({question.to, {}, "it did not answer in time"});
    answered_.resize(pages_.size());
  }

  void begin(const std::vector<PageQuestion>& questions, Nanos deadline) {
    if (questions.empty()) return scheduler_.post([self = shared_from_this()] { self->finish(); });
    // What keeps it until then; an agent that never answers does not.
    scheduler_.after(deadline, [self = shared_from_this()] { self->finish(); });
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const auto& [to, path, query] = questions[i];
      to.peer->page(path, query, deadline, [weak = weak_from_this(), i](Answer answer) {
        if (const auto self = weak.lock()) self->take(i, std::move(answer));
      });
    }
  }

 private:
  /// On the transport's thread: it only moves.
  void take(std::size_t at, Answer answer) {
    bool last = false;
    {
      const MutexLock lock(mutex_);
      if (done_ == nullptr || answered_[at]) return;
      answered_[at] = true;
      AgentPage& page = pages_[at];
      page.problem.clear();
      if (!answer)
        page.problem = std::move(answer.error().message);
      else if (answer->body.size() > kMaxPageBytes)
        page.problem = "its page is longer than " + std::to_string(kMaxPageBytes >> 20U) + " MiB";
      else if (answer->status == 404)
        page.problem = "it has no such page; it may be of an older version";
      else if (answer->status != 200 && answer->status != 400)
        page.problem = "it answered with status " + std::to_string(answer->status);
      else
        page.answer = std::move(*answer);
      last = --owed_ == 0;
    }
    if (last) scheduler_.post([self = shared_from_this()] { self->finish(); });
  }

  void finish() {
    Done done;
    std::vector<AgentPage> pages;
    {
      const MutexLock lock(mutex_);
      done.swap(done_);
      pages.swap(pages_);
    }
    if (done) done(std::move(pages));
  }

  Scheduler& scheduler_;
  Mutex mutex_;
  Done done_ NETPROBE_GUARDED_BY(mutex_);  ///< null: it is over
  std::vector<AgentPage> pages_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<bool> answered_ NETPROBE_GUARDED_BY(mutex_);
  std::size_t owed_ NETPROBE_GUARDED_BY(mutex_);
};

}  // namespace

void gather_pages(std::vector<PageQuestion> questions, Scheduler& scheduler, Nanos deadline,
                  std::function<void(std::vector<AgentPage>)> done) {
  std::make_shared<Gathering>(questions, scheduler, std::move(done))->begin(questions, deadline);
}

}  // namespace netprobe
