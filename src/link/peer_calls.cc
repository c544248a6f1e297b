// SPDX-License-Identifier: Apache-2.0
// Questions to one agent: each a call that ends with its answer or a failure.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <utility>

#include "link/answer_codec.h"
#include "link/peer_core.h"
#include "link/sums_codec.h"

namespace netprobe {
namespace {

constexpr std::size_t kMaxPage = 256UL << 20U;  // bytes

auto at(Nanos deadline) {
  return std::chrono::system_clock::now() + std::chrono::nanoseconds(deadline);
}

/// Reads an answer that comes in parts; owns itself until gRPC is done with it.
template <typename Part>
class AnswerCall : public grpc::ClientReadReactor<Part>, public PeerCall {
 public:
  AnswerCall(PeerCorePtr core, Nanos deadline) : core_(std::move(core)) {
    context_.set_deadline(at(deadline));
  }
  void begin(const std::shared_ptr<AnswerCall>& self) {
    self_ = self;
    core_->watch(self);
    this->StartRead(&part_);
    this->StartCall();
  }
  void look(bool all) override {
    if (all || unwanted()) context_.TryCancel();
  }

 protected:
  /// Takes a part in; an error says what is wrong with it.
  virtual Status take(const Part& part) = 0;
  [[nodiscard]] virtual bool complete() const = 0;
  [[nodiscard]] virtual bool unwanted() const { return false; }
  virtual void give() = 0;
  virtual void fail_with(QueryFailure failure) = 0;

  const PeerCorePtr core_;
  grpc::ClientContext context_;

 private:
  void OnReadDone(bool ok) final {
    if (!ok) return;
    if (auto taken = take(part_); !taken) {
      bad_ = taken.error().message;
      context_.TryCancel();
      return;
    }
    core_->contact();
    this->StartRead(&part_);
  }
  void OnDone(const grpc::Status& status) final {
    const auto last = std::move(self_);
    if (status.ok() && bad_.empty() && !complete()) bad_ = "an answer without an end";
    if (!bad_.empty()) {
      core_->blame(bad_);
      return fail_with({QueryFailure::Kind::kFailed, core_->why_not()});
    }
    if (status.ok()) return give();
    fail_with(core_->failure_of(status));
  }

  std::shared_ptr<AnswerCall> self_;
  Part part_;
  std::string bad_;
};

class QueryCall final : public AnswerCall<v1::QueryReply> {
 public:
  QueryCall(PeerCorePtr core, QueryRequest request, Nanos deadline, QueryDone done)
      : AnswerCall(std::move(core), deadline),
        most_rows_(request.limits.rows),
        cancelled_(request.cancelled),
        done_(std::move(done)) {
    asked_.set_query(canonical(request.query));
    asked_.set_rows(request.limits.rows);
    asked_.set_rows_read(request.limits.rows_read);
    asked_.set_time(request.limits.time);
    asked_.set_cursor(request.cursor);
    asked_.set_live(request.live);
    asked_.set_fresh(request.fresh);
    core_->stub().Query(&context_, &asked_, this);
  }

 private:
  Status take(const v1::QueryReply& part) override {
    switch (part.part_case()) {
      case v1::QueryReply::kRows: {
        auto taken = decode_rows(part.rows(), budget_, answer_);
        if (taken && answer_.rows.size() > most_rows_)
          return fail("more rows than it was asked for");
        if (!taken) return fail(fmt::format("rows that cannot be: {}", taken.error().message));
        return {};
      }
      case v1::QueryReply::kEnd:
        decode_end(part.end(), answer_);
        core_->set_lost(decode_lost(part.end().lost()));
        ended_ = true;
        return {};
      case v1::QueryReply::kFailed:
        failure_ = decode_failure(part.failed());
        return {};
      case v1::QueryReply::PART_NOT_SET:
        return {};  // of a later version
    }
    return {};
  }
  bool complete() const override { return ended_ || failure_; }
  bool unwanted() const override { return cancelled_ && *cancelled_; }
  void give() override {
    if (failure_) return done_(std::unexpected(std::move(*failure_)));
    done_(std::move(answer_));
  }
  void fail_with(QueryFailure failure) override { done_(std::unexpected(std::move(failure))); }

  v1::QueryRequest asked_;
  std::size_t most_rows_;
  std::shared_ptr<std::atomic<bool>> cancelled_;
  QueryDone done_;
  TextBudget budget_;
  QueryAnswer answer_;
  std::optional<QueryFailure> failure_;
  bool ended_ = false;
};

class PageCall final : public AnswerCall<v1::PageReply> {
 public:
  PageCall(PeerCorePtr core, std::string path, std::string query, Nanos deadline, PageDone done)
      : AnswerCall(std::move(core), deadline), done_(std::move(done)) {
    asked_.set_path(std::move(path));
    asked_.set_query(std::move(query));
    core_->stub().Page(&context_, &asked_, this);
  }

 private:
  Status take(const v1::PageReply& part) override {
    if (answer_.body.size() + part.body().size() > kMaxPage)
      return fail("a page that is larger than any may be");
    if (part.status() != 0) answer_.status = static_cast<int>(part.status() % 1000);
    if (!part.content_type().empty()) answer_.content_type = part.content_type();
    answer_.body += part.body();
    return {};
  }
  bool complete() const override { return answer_.status != 0; }
  void give() override { done_(std::move(answer_)); }
  void fail_with(QueryFailure failure) override { done_(std::unexpected(std::move(failure))); }

  v1::PageRequest asked_;
  PageDone done_;
  PageAnswer answer_;
};

class SumsCall final : public PeerCall, public std::enable_shared_from_this<SumsCall> {
 public:
  SumsCall(PeerCorePtr core, Nanos deadline, SumsDone done)
      : core_(std::move(core)), done_(std::move(done)) {
    context_.set_deadline(at(deadline));
  }
  void begin() {
    core_->watch(shared_from_this());
    core_->stub().Sums(
        &context_, &asked_, &reply_,
        [self = shared_from_this()](const grpc::Status& status) { self->finish(status); });
  }
  void look(bool all) override {
    if (all) context_.TryCancel();
  }

 private:
  void finish(const grpc::Status& status) {
    if (!status.ok()) return done_(std::unexpected(core_->failure_of(status)));
    auto report = decode_sums(reply_);
    if (!report) {
      core_->blame(report.error().message);
      return done_(std::unexpected(QueryFailure{QueryFailure::Kind::kFailed, core_->why_not()}));
    }
    core_->set_lost(decode_lost(reply_.lost()));
    done_(WorkloadSums{
        .node = core_->state()->node, .run_id = reply_.run_id(), .report = std::move(*report)});
  }

  const PeerCorePtr core_;
  SumsDone done_;
  grpc::ClientContext context_;
  v1::SumsRequest asked_;
  v1::SumsReply reply_;
};

}  // namespace

void begin_query(const PeerCorePtr& core, QueryRequest request, Nanos deadline, QueryDone done) {
  auto call = std::make_shared<QueryCall>(core, std::move(request), deadline, std::move(done));
  call->begin(call);
}

void begin_page(const PeerCorePtr& core, std::string path, std::string query, Nanos deadline,
                PageDone done) {
  auto call = std::make_shared<PageCall>(core, std::move(path), std::move(query), deadline,
                                         std::move(done));
  call->begin(call);
}

void begin_sums(const PeerCorePtr& core, Nanos deadline, SumsDone done) {
  std::make_shared<SumsCall>(core, deadline, std::move(done))->begin();
}

}  // namespace netprobe
