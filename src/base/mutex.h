// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>

// Clang's thread safety attributes; the build turns their warnings into errors.
#define NETPROBE_THREAD_ATTRIBUTE(x) __attribute__((x))
#define NETPROBE_GUARDED_BY(x) NETPROBE_THREAD_ATTRIBUTE(guarded_by(x))
#define NETPROBE_REQUIRES(...) NETPROBE_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define NETPROBE_EXCLUDES(...) NETPROBE_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace netprobe {

/// std::mutex as the compiler's thread safety analysis sees it: members marked
/// NETPROBE_GUARDED_BY(mutex_) can only be touched under a MutexLock.
class NETPROBE_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() NETPROBE_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() NETPROBE_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/// Holds a Mutex for a scope.
class NETPROBE_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) NETPROBE_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() NETPROBE_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace netprobe
