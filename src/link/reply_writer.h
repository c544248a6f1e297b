// SPDX-License-Identifier: Apache-2.0
// gRPC's headers: for .cc files of src/link only.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/mutex.h"
#include "link/call_slots.h"
#include "link/soon.h"

namespace netprobe {

/// How long a caller may leave a message untaken, and how many were ended for it.
struct StallWatch {
  Nanos patience = 60 * kSecond;
  std::atomic<std::uint64_t> ended = 0;
};
using StallWatchPtr = std::shared_ptr<StallWatch>;

/// The server's side of a call that answers with a stream. Sends one message at a
/// time, so that a slow reader holds up nobody but himself, and nothing is queued.
/// Owns itself until gRPC is done with it; others hold it by weak pointers. A reader that
/// takes nothing for long is ended: what is held for him is others' room.
template <typename Message>
class ReplyWriter : public grpc::ServerWriteReactor<Message>,
                    public std::enable_shared_from_this<ReplyWriter<Message>> {
 public:
  enum class Next { kMessage, kNothing, kEnd };

  /// Call once, when it was made: gRPC has it now. `context`: of the call.
  ReplyWriter* begin(std::shared_ptr<ReplyWriter> self, grpc::CallbackServerContext* context,
                     StallWatchPtr stalls) {
    watch_later(self, context, std::move(stalls), 0);
    {
      // Whoever wakes it may do so while it is still put together.
      const MutexLock lock(mutex_);
      self_ = std::move(self);
      begun_ = true;
    }
    pump();
    return this;
  }
  /// There may be something to send. Any thread.
  void pump() NETPROBE_EXCLUDES(mutex_) {
    std::optional<grpc::Status> end;
    {
      const MutexLock lock(mutex_);
      if (!begun_ || writing_ || ended_) return;
      grpc::Status status;
      const Next next = cancelled_ ? Next::kEnd : fill(message_, options_, status);
      if (next == Next::kNothing) return;
      if (next == Next::kEnd) {
        ended_ = true;
        end = cancelled_ ? grpc::Status(grpc::StatusCode::CANCELLED, "the caller is gone") : status;
      } else {
        writing_ = true;
        ++writes_;
      }
    }
    if (end)
      this->Finish(*end);
    else
      this->StartWrite(&message_, options_);
  }

 protected:
  /// The next message, or the end. Called by one thread at a time.
  virtual Next fill(Message& message, grpc::WriteOptions& options, grpc::Status& end) = 0;
  /// The caller is gone; once, from any thread.
  virtual void gone() {}

 private:
  /// Looks twice for each patience; a write that is seen three times is too old.
  static void watch_later(std::weak_ptr<ReplyWriter> weak, grpc::CallbackServerContext* context,
                          StallWatchPtr stalls, std::uint64_t before) {
    const Nanos apart = stalls->patience / 2;
    run_after(apart,
              [weak = std::move(weak), context, stalls = std::move(stalls), before]() mutable {
                const auto self = weak.lock();
                if (!self) return;
                std::uint64_t now = 0;
                {
                  const MutexLock lock(self->mutex_);
                  // The context is gRPC's until it is done with the call.
                  if (self->done_) return;
                  if (self->writing_) now = self->writes_;
                  if (now != 0 && now == before) {
                    if (self->stuck_) {
                      ++stalls->ended;
                      context->TryCancel();
                      return;
                    }
                    self->stuck_ = true;
                  } else {
                    self->stuck_ = false;
                  }
                }
                watch_later(std::move(weak), context, std::move(stalls), now);
              });
  }

  void OnWriteDone(bool ok) final {
    {
      const MutexLock lock(mutex_);
      writing_ = false;
      if (!ok) cancelled_ = true;
    }
    pump();
  }
  void OnCancel() final {
    {
      const MutexLock lock(mutex_);
      cancelled_ = true;
    }
    gone();
    pump();
  }
  void OnDone() final {
    {
      const MutexLock lock(mutex_);
      done_ = true;
    }
    gone();
    const auto last = std::move(self_);
  }

  std::shared_ptr<ReplyWriter> self_;
  Message message_;  ///< gRPC's while writing_
  grpc::WriteOptions options_;
  Mutex mutex_;
  bool begun_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool writing_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool ended_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool cancelled_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool done_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool stuck_ NETPROBE_GUARDED_BY(mutex_) = false;  ///< the write was seen twice
  std::uint64_t writes_ NETPROBE_GUARDED_BY(mutex_) = 0;
};

/// Answers with nothing but a status.
template <typename Message>
class Refusal final : public grpc::ServerWriteReactor<Message> {
 public:
  explicit Refusal(const grpc::Status& status) { this->Finish(status); }
  void OnDone() override { delete this; }
};

/// Answers once, and holds a slot for as long as the answer is held for the caller, who
/// has the same patience as one who reads a stream.
class UnaryAnswer final : public grpc::ServerUnaryReactor {
 public:
  UnaryAnswer(CallSlots::Slot slot, grpc::CallbackServerContext* context,
              const StallWatchPtr& stalls)
      : slot_(std::move(slot)), call_(std::make_shared<Call>()) {
    {
      const MutexLock lock(call_->mutex);
      call_->context = context;
    }
    run_after(stalls->patience, [call = call_, stalls] {
      const MutexLock lock(call->mutex);
      if (call->context == nullptr) return;
      ++stalls->ended;
      call->context->TryCancel();
    });
  }
  void OnDone() override {
    {
      const MutexLock lock(call_->mutex);
      call_->context = nullptr;
    }
    delete this;
  }

 private:
  struct Call {
    Mutex mutex;
    grpc::CallbackServerContext* context NETPROBE_GUARDED_BY(mutex) = nullptr;  ///< null: over
  };
  CallSlots::Slot slot_;
  const std::shared_ptr<Call> call_;
};

}  // namespace netprobe
