// SPDX-License-Identifier: Apache-2.0
#include "link/peer_core.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "link/channel.h"
#include "link/soon.h"
#include "link/sums_codec.h"

namespace netprobe {
namespace {

constexpr Nanos kLookEvery = 250 * kMillisecond;
constexpr std::size_t kMaxName = 253;

std::string bounded(const std::string& text) {
  std::string result = text.substr(0, kMaxName);
  for (char& c : result)
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') c = '?';
  return result;
}

}  // namespace

struct PeerCore::Hello {
  grpc::ClientContext context;
  v1::HelloRequest request;
  v1::HelloReply reply;
};

PeerCore::PeerCore(GrpcPeerOptions options, LinkCredentialsPtr credentials, const Clock& clock)
    : options_(std::move(options)),
      credentials_(std::move(credentials)),
      clock_(clock),
      channel_(make_channel(options_.address, *credentials_)),
      stub_(v1::Agent::NewStub(channel_)),
      backoff_(options_.backoff_min, options_.backoff_max) {
  auto state = std::make_shared<AgentState>();
  state->address = options_.address;
  state->since = clock_.wall();
  state_ = std::move(state);
}

void PeerCore::close() {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
    waiting_.clear();
  }
  look(true);
}

bool PeerCore::closed() const {
  const MutexLock lock(mutex_);
  return closed_;
}

AgentStatePtr PeerCore::state() const {
  const MutexLock lock(mutex_);
  return state_;
}

void PeerCore::change(const std::function<void(AgentState&)>& how) {
  const MutexLock lock(mutex_);
  auto next = std::make_shared<AgentState>(*state_);
  how(*next);
  if (next->link != state_->link) next->since = clock_.wall();
  state_ = std::move(next);
}

void PeerCore::say_hello() {
  if (closed()) return;
  if (const Nanos left = cut_off_for(); left > 0) return say_hello_after(left);
  retry_now(*channel_);
  auto hello = std::make_shared<Hello>();
  hello->context.set_deadline(std::chrono::system_clock::now() +
                              std::chrono::nanoseconds(options_.hello_deadline));
  hello->request.set_name(options_.name);
  hello->request.set_version(options_.version);
  hello->request.set_protocol_oldest(options_.protocol.oldest);
  hello->request.set_protocol_newest(options_.protocol.newest);
  const Nanos sent = clock_.wall();
  stub_->async()->Hello(&hello->context, &hello->request, &hello->reply,
                        [self = shared_from_this(), hello, sent](const grpc::Status& status) {
                          self->on_hello(status, hello->reply, sent);
                        });
}

void PeerCore::say_hello_after(Nanos delay) {
  // Weak: a peer that went away is not kept by its timer.
  run_after(delay, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->say_hello();
  });
}

void PeerCore::on_hello(const grpc::Status& status, const v1::HelloReply& reply, Nanos sent) {
  if (closed()) return;
  if (const Nanos left = cut_off_for(); left > 0) return say_hello_after(left);
  look(false);
  using enum AgentState::Link;
  if (!status.ok()) {
    const bool other = status.error_code() == grpc::StatusCode::UNIMPLEMENTED;
    const bool untrusted = status.error_message().find(kCertificateMark) != std::string::npos;
    refuse(other || untrusted ? kRefused : kUnreachable, problem_of(status));
    Nanos delay = 0;
    {
      const MutexLock lock(mutex_);
      delay = backoff_.next();
    }
    return say_hello_after(delay);
  }
  const auto who =
      fmt::format("the agent at {} (version {})", options_.address, bounded(reply.version()));
  const auto common =
      common_protocol(options_.protocol, {reply.protocol_oldest(), reply.protocol_newest()}, who);
  if (!common) {
    refuse(kRefused, common.error().message);
    return say_hello_after(options_.cut_off);
  }
  greet(reply, sent);
  change([&](AgentState& state) { state.protocol = *common; });
  std::vector<std::function<void()>> waiting;
  Nanos delay = 0;
  {
    const MutexLock lock(mutex_);
    backoff_.reset();
    delay = backoff_.spread(options_.hello_every);
    waiting = std::exchange(waiting_, {});
  }
  for (const auto& begin : waiting) begin();
  say_hello_after(delay);
}

void PeerCore::greet(const v1::HelloReply& reply, Nanos sent) {
  const Nanos now = clock_.wall();
  change([&](AgentState& state) {
    state.node = bounded(reply.node());
    state.run_id = bounded(reply.run_id());
    state.version = bounded(reply.version());
    state.link = AgentState::Link::kReady;
    state.problem.clear();
    state.last_contact = now;
    if (reply.now() != 0)
      state.clock_difference = reply.now() * kMicrosecond - (sent + (now - sent) / 2);
    state.lost = decode_lost(reply.lost());
  });
}

void PeerCore::refuse(AgentState::Link link, std::string problem) {
  const AgentStatePtr before = state();
  if (before->problem != problem) spdlog::warn("{}", problem);
  change([&](AgentState& state) {
    state.link = link;
    state.problem = std::move(problem);
    ++state.failures;
  });
}

std::string PeerCore::problem_of(const grpc::Status& status) const {
  const auto who = fmt::format("the agent at {}", options_.address);
  switch (status.error_code()) {
    case grpc::StatusCode::UNIMPLEMENTED:
      return fmt::format("{} is no agent: another service answers there", who);
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return fmt::format("{} did not answer in time", who);
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::UNKNOWN:
      return connection_problem(status.error_message(), *credentials_, who);
    default:
      return fmt::format("{} refuses: {}", who, bounded(status.error_message()));
  }
}

std::string PeerCore::why_not() const {
  const AgentStatePtr now = state();
  if (now->link == AgentState::Link::kReady) return {};
  if (!now->problem.empty()) return now->problem;
  return fmt::format("the agent at {} is not reached yet", options_.address);
}

QueryFailure PeerCore::failure_of(const grpc::Status& status) {
  using enum QueryFailure::Kind;
  if (status.error_code() == grpc::StatusCode::CANCELLED)
    return {kCancelled, "nobody waits for the answer any more"};
  // Ours, not the agent's: it came and was not taken.
  if (status.error_message().find("larger than max") != std::string::npos) {
    blame("a message that is larger than any may be");
    return {kFailed, why_not()};
  }
  change([](AgentState& state) { ++state.failures; });
  switch (status.error_code()) {
    case grpc::StatusCode::INVALID_ARGUMENT:
      return {kBadQuery, bounded(status.error_message())};
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {kNoStore, problem_of(status)};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return {kNoStore, bounded(status.error_message())};
    default:
      return {kFailed, problem_of(status)};
  }
}

void PeerCore::blame(const std::string& what) {
  refuse(AgentState::Link::kRefused,
         fmt::format("the agent at {} is cut off for a while: it sent {}", options_.address, what));
  {
    const MutexLock lock(mutex_);
    cut_off_until_ = clock_.monotonic() + options_.cut_off;
  }
  look(true);
}

Nanos PeerCore::cut_off_for() const {
  const Nanos now = clock_.monotonic();
  const MutexLock lock(mutex_);
  return cut_off_until_ == 0 ? 0 : cut_off_until_ - now;
}

void PeerCore::contact() {
  const MutexLock lock(mutex_);
  if (clock_.wall() - state_->last_contact < kSecond / 2) return;
  auto next = std::make_shared<AgentState>(*state_);
  next->last_contact = clock_.wall();
  state_ = std::move(next);
}

void PeerCore::set_lost(std::vector<std::pair<std::string, std::uint64_t>> lost) {
  change([&](AgentState& state) {
    state.lost = std::move(lost);
    state.last_contact = clock_.wall();
  });
}

void PeerCore::watch(const std::shared_ptr<PeerCall>& call) {
  bool first = false;
  {
    const MutexLock lock(mutex_);
    first = calls_.empty();
    calls_.push_back(call);
  }
  if (!first) return;
  struct Look {
    static void later(std::weak_ptr<PeerCore> weak) {
      run_after(kLookEvery, [weak = std::move(weak)] {
        const auto self = weak.lock();
        if (!self) return;
        self->look(false);
        const MutexLock lock(self->mutex_);
        if (!self->calls_.empty()) later(weak);
      });
    }
  };
  Look::later(weak_from_this());
}

void PeerCore::look(bool all) {
  std::vector<std::shared_ptr<PeerCall>> calls;
  {
    const MutexLock lock(mutex_);
    std::erase_if(calls_, [&](const std::weak_ptr<PeerCall>& weak) {
      auto call = weak.lock();
      if (!call) return true;
      calls.push_back(std::move(call));
      return false;
    });
  }
  for (const auto& call : calls) call->look(all);
}

void PeerCore::when_ready(std::function<void()> begin) {
  {
    const MutexLock lock(mutex_);
    if (closed_) return;
    if (state_->link != AgentState::Link::kReady) {
      waiting_.push_back(std::move(begin));
      return;
    }
  }
  begin();
}

}  // namespace netprobe
