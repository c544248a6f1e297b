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

constexpr std::size_t kMaxParts = 100'000;  // of a page

auto at(Nanos deadline) {
  return std::chrono::system_clock::now() + std::chrono::nanoseconds(deadline);
}

std::unexpected<LinkFault> impossible(std::string what) {
  return std::unexpected(LinkFault{"impossible", std::move(what)});
}

/// Reads an answer that comes in parts; owns itself until gRPC is done with it.
template <typename Part>
class AnswerCall : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                   public PeerCall {
 public:
  AnswerCall(PeerCorePtr core, Nanos deadline) : core_(std::move(core)) {
    context_.set_deadline(at(deadline));
  }
  void begin(const std::shared_ptr<AnswerCall>& self) {
    self_ = self;
    core_->watch(self);
    this->StartWriteLast(&asked_, grpc::WriteOptions());
    this->StartRead(&bytes_);
    this->StartCall();
  }
  void look(bool all) override {
    if (all || unwanted()) context_.TryCancel();
  }

 protected:
  /// Takes a part in; an error says what is wrong with it.
  virtual Taken take(const Part& part) = 0;
  [[nodiscard]] virtual bool complete() const = 0;
  [[nodiscard]] virtual bool unwanted() const { return false; }
  virtual void give() = 0;
  virtual void fail_with(QueryFailure failure) = 0;

  /// Once, from a constructor.
  void ask(const char* method, const google::protobuf::MessageLite& request) {
    asked_ = message_bytes(request);
    core_->stub().PrepareBidiStreamingCall(&context_, method, {}, this);
  }

  const PeerCorePtr core_;

 private:
  void OnReadDone(bool ok) final {
    if (!ok) return;
    auto taken = core_->read(bytes_, part_);
    if (taken) taken = take(part_);
    if (!taken) {
      bad_ = taken.error();
      context_.TryCancel();
      return;
    }
    core_->contact();
    this->StartRead(&bytes_);
  }
  void OnDone(const grpc::Status& status) final {
    const auto last = std::move(self_);
    if (status.ok() && !bad_ && !complete())
      bad_ = LinkFault{"impossible", "an answer without an end"};
    if (bad_) {
      core_->blame(*bad_);
      return fail_with({QueryFailure::Kind::kFailed, core_->why_not()});
    }
    if (status.ok()) return give();
    fail_with(core_->failure_of(status));
  }

  std::shared_ptr<AnswerCall> self_;
  grpc::ClientContext context_;
  grpc::ByteBuffer asked_;
  grpc::ByteBuffer bytes_;
  Part part_;
  std::optional<LinkFault> bad_;
};

class QueryCall final : public AnswerCall<v1::QueryReply> {
 public:
  QueryCall(PeerCorePtr core, QueryRequest request, Nanos deadline, QueryDone done)
      : AnswerCall(std::move(core), deadline),
        most_rows_(request.limits.rows),
        cancelled_(request.cancelled),
        done_(std::move(done)) {
    v1::QueryRequest asked;
    asked.set_query(canonical(request.query));
    asked.set_rows(request.limits.rows);
    asked.set_rows_read(request.limits.rows_read);
    asked.set_time(request.limits.time);
    asked.set_cursor(request.cursor);
    asked.set_live(request.live);
    asked.set_fresh(request.fresh);
    ask(agent_method::kQuery, asked);
  }

 private:
  Taken take(const v1::QueryReply& part) override {
    switch (part.part_case()) {
      case v1::QueryReply::kRows: {
        auto taken = decode_rows(part.rows(), budget_, answer_);
        if (taken && answer_.rows.size() > most_rows_)
          return impossible("more rows than it was asked for");
        if (!taken)
          return impossible(fmt::format("rows that cannot be: {}", taken.error().message));
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
    v1::PageRequest asked;
    asked.set_path(std::move(path));
    asked.set_query(std::move(query));
    ask(agent_method::kPage, asked);
  }

 private:
  Taken take(const v1::PageReply& part) override {
    if (answer_.body.size() + part.body().size() > core_->options().max_page)
      return std::unexpected(LinkFault{"too_large", "a page that is larger than any may be"});
    if (++parts_ > kMaxParts) return impossible("a page in too many parts");
    if (part.status() != 0) answer_.status = static_cast<int>(part.status() % 1000);
    if (!part.content_type().empty()) answer_.content_type = part.content_type();
    answer_.body += part.body();
    return {};
  }
  bool complete() const override { return answer_.status != 0; }
  void give() override { done_(std::move(answer_)); }
  void fail_with(QueryFailure failure) override { done_(std::unexpected(std::move(failure))); }

  PageDone done_;
  PageAnswer answer_;
  std::size_t parts_ = 0;
};

class SumsCall final : public PeerCall, public std::enable_shared_from_this<SumsCall> {
 public:
  SumsCall(PeerCorePtr core, Nanos deadline, SumsDone done)
      : core_(std::move(core)), done_(std::move(done)) {
    context_.set_deadline(at(deadline));
  }
  void begin() {
    core_->watch(shared_from_this());
    core_->stub().UnaryCall(
        &context_, agent_method::kSums, {}, &asked_, &bytes_,
        [self = shared_from_this()](const grpc::Status& status) { self->finish(status); });
  }
  void look(bool all) override {
    if (all) context_.TryCancel();
  }

 private:
  void finish(const grpc::Status& status) {
    if (!status.ok()) return done_(std::unexpected(core_->failure_of(status)));
    v1::SumsReply reply;
    if (auto read = core_->read(bytes_, reply); !read) return give_up(read.error());
    auto report = decode_sums(reply);
    if (!report) return give_up({"impossible", report.error().message});
    core_->set_lost(decode_lost(reply.lost()));
    done_(WorkloadSums{
        .node = core_->state()->node, .run_id = reply.run_id(), .report = std::move(*report)});
  }
  void give_up(const LinkFault& fault) {
    core_->blame(fault);
    done_(std::unexpected(QueryFailure{QueryFailure::Kind::kFailed, core_->why_not()}));
  }

  const PeerCorePtr core_;
  SumsDone done_;
  grpc::ClientContext context_;
  grpc::ByteBuffer asked_ = message_bytes(v1::SumsRequest());
  grpc::ByteBuffer bytes_;
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
