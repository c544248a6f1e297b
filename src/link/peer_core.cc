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

void count(AgentState& state, std::string_view cause) {
  for (auto& [name, faults] : state.faults)
    if (name == cause) {
      ++faults;
      return;
    }
  state.faults.emplace_back(cause, 1);
}

}  // namespace

std::string bounded_name(const std::string& text) {
  std::string result = text.substr(0, kMaxName);
  for (char& c : result)
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') c = '?';
  return result;
}

struct PeerCore::Hello {
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer reply;
};

PeerCore::PeerCore(GrpcPeerOptions options, LinkCredentialsPtr credentials, const Clock& clock)
    : options_(std::move(options)),
      credentials_(std::move(credentials)),
      clock_(clock),
      channel_(make_channel(options_.address, *credentials_)),
      stub_(channel_),
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
  v1::HelloRequest request;
  request.set_name(options_.name);
  request.set_version(options_.version);
  request.set_protocol_oldest(options_.protocol.oldest);
  request.set_protocol_newest(options_.protocol.newest);
  hello->request = message_bytes(request);
  const Nanos sent = clock_.wall();
  stub_.UnaryCall(&hello->context, agent_method::kHello, {}, &hello->request, &hello->reply,
                  [self = shared_from_this(), hello, sent](const grpc::Status& status) {
                    v1::HelloReply reply;
                    Taken read;
                    if (status.ok()) read = self->read(hello->reply, reply);
                    self->on_hello(status, read, reply, sent);
                  });
}

void PeerCore::say_hello_after(Nanos delay) {
  // Weak: a peer that went away is not kept by its timer.
  run_after(delay, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->say_hello();
  });
}

void PeerCore::on_hello(const grpc::Status& status, const Taken& read, const v1::HelloReply& reply,
                        Nanos sent) {
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
  if (!read || reply.node().empty()) {
    blame(read ? LinkFault{"impossible", "a greeting without the name of its node"} : read.error());
    return say_hello_after(options_.cut_off);
  }
  const auto who =
      fmt::format("the agent at {} (version {})", options_.address, bounded_name(reply.version()));
  const auto common = common_protocol(
      options_.protocol, {reply.protocol_oldest(), reply.protocol_newest()}, who, options_.version);
  if (!common) {
    refuse(kRefused, common.error().message, "other_version");
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
  bool silent = false;
  {
    const MutexLock lock(mutex_);
    silent = silent_;
  }
  change([&](AgentState& state) {
    state.node = bounded_name(reply.node());
    state.run_id = bounded_name(reply.run_id());
    state.version = bounded_name(reply.version());
    state.link = AgentState::Link::kReady;
    if (!silent) state.problem.clear();
    state.last_contact = now;
    if (reply.now() != 0)
      state.clock_difference = reply.now() * kMicrosecond - (sent + (now - sent) / 2);
    state.lost = decode_lost(reply.lost());
  });
}

void PeerCore::refuse(AgentState::Link link, std::string problem, std::string_view cause) {
  const AgentStatePtr before = state();
  if (before->problem != problem) spdlog::warn("{}", problem);
  change([&](AgentState& state) {
    state.link = link;
    state.problem = std::move(problem);
    ++state.failures;
    if (!cause.empty()) count(state, cause);
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
      return fmt::format("{} refuses: {}", who, bounded_name(status.error_message()));
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
    blame({"too_large", "a message that is larger than any may be"});
    return {kFailed, why_not()};
  }
  change([](AgentState& state) { ++state.failures; });
  switch (status.error_code()) {
    case grpc::StatusCode::INVALID_ARGUMENT:
      return {kBadQuery, bounded_name(status.error_message())};
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {kNoStore, problem_of(status)};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return {kNoStore, bounded_name(status.error_message())};
    default:
      return {kFailed, problem_of(status)};
  }
}

Taken PeerCore::read(grpc::ByteBuffer& from, google::protobuf::Message& to) {
  auto taken = read_message(from, to);
  if (!taken) return taken;
  LeftOut unknown;
  unknown.add_unknown(to);
  note_left_out(unknown);
  return taken;
}

void PeerCore::note_left_out(const LeftOut& more) {
  if (more.names().empty()) return;
  const MutexLock lock(mutex_);
  const std::size_t before = left_out_.names().size();
  for (const std::string& name : more.names()) left_out_.add(name);
  if (left_out_.names().size() == before) return;
  auto next = std::make_shared<AgentState>(*state_);
  next->left_out.assign(left_out_.names().begin(), left_out_.names().end());
  state_ = std::move(next);
}

void PeerCore::set_silent(bool silent) {
  {
    const MutexLock lock(mutex_);
    if (silent_ == silent && !silent) return;
    silent_ = silent;
  }
  const auto text = fmt::format(
      "the agent at {} told nothing on a live stream for {:.3g} s: the stream is begun again",
      options_.address, static_cast<double>(options_.live_silence) / kSecond);
  if (silent && state()->problem != text) spdlog::warn("{}", text);
  change([&](AgentState& state) {
    if (!silent) {
      if (state.problem == text) state.problem.clear();
      return;
    }
    ++state.failures;
    count(state, "silent");
    if (state.link == AgentState::Link::kReady) state.problem = text;
  });
}

void PeerCore::blame(const LinkFault& fault) {
  refuse(AgentState::Link::kRefused,
         fmt::format("the agent at {} is cut off for a while: it sent {}", options_.address,
                     fault.what),
         fault.cause);
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
