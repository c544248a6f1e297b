// SPDX-License-Identifier: Apache-2.0
// gRPC's headers: for .cc files of src/link only.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <optional>
#include <utility>

#include "base/mutex.h"

namespace netprobe {

/// The server's side of a call that answers with a stream. Sends one message at a
/// time, so that a slow reader holds up nobody but himself, and nothing is queued.
/// Owns itself until gRPC is done with it; others hold it by weak pointers.
template <typename Message>
class ReplyWriter : public grpc::ServerWriteReactor<Message>,
                    public std::enable_shared_from_this<ReplyWriter<Message>> {
 public:
  enum class Next { kMessage, kNothing, kEnd };

  /// Call once, when it was made: gRPC has it now.
  ReplyWriter* begin(std::shared_ptr<ReplyWriter> self) {
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
};

/// Answers with nothing but a status.
template <typename Message>
class Refusal final : public grpc::ServerWriteReactor<Message> {
 public:
  explicit Refusal(const grpc::Status& status) { this->Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace netprobe
