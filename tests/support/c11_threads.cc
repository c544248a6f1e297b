// SPDX-License-Identifier: Apache-2.0
// ThreadSanitizer knows the threads of POSIX, and not those of C11, which librdkafka
// has: a thread that it did not see begin crashes it. Linked into a program, these come
// before the C library's. glibc's types of C11 are those of POSIX in a union.
#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>

namespace {

static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t));
static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t));

pthread_mutex_t* posix(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }
pthread_cond_t* posix(cnd_t* condition) { return reinterpret_cast<pthread_cond_t*>(condition); }

int result(int error) {
  switch (error) {
    case 0:
      return thrd_success;
    case ENOMEM:
      return thrd_nomem;
    case ETIMEDOUT:
      return thrd_timedout;
    case EBUSY:
      return thrd_busy;
    default:
      return thrd_error;
  }
}

struct Start {
  thrd_start_t function = nullptr;
  void* argument = nullptr;
};

void* run(void* given) {
  const Start start = *static_cast<Start*>(given);
  delete static_cast<Start*>(given);
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(start.function(start.argument)));
}

}  // namespace

extern "C" {

int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
  auto* start = new Start{function, argument};
  const int error = ::pthread_create(thread, nullptr, run, start);
  if (error != 0) delete start;
  return result(error);
}
int thrd_join(thrd_t thread, int* code) {
  void* value = nullptr;
  const int error = ::pthread_join(thread, &value);
  if (code != nullptr) *code = static_cast<int>(reinterpret_cast<std::intptr_t>(value));
  return result(error);
}
int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes{};
  ::pthread_mutexattr_init(&attributes);
  if ((type & mtx_recursive) != 0)
    ::pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  const int error = ::pthread_mutex_init(posix(mutex), &attributes);
  ::pthread_mutexattr_destroy(&attributes);
  return result(error);
}
void mtx_destroy(mtx_t* mutex) { ::pthread_mutex_destroy(posix(mutex)); }
int mtx_lock(mtx_t* mutex) { return result(::pthread_mutex_lock(posix(mutex))); }
int mtx_unlock(mtx_t* mutex) { return result(::pthread_mutex_unlock(posix(mutex))); }
int cnd_init(cnd_t* condition) { return result(::pthread_cond_init(posix(condition), nullptr)); }
void cnd_destroy(cnd_t* condition) { ::pthread_cond_destroy(posix(condition)); }
int cnd_signal(cnd_t* condition) { return result(::pthread_cond_signal(posix(condition))); }
int cnd_broadcast(cnd_t* condition) { return result(::pthread_cond_broadcast(posix(condition))); }
int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return result(::pthread_cond_wait(posix(condition), posix(mutex)));
}
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
  return result(::pthread_cond_timedwait(posix(condition), posix(mutex), until));
}

}  // extern "C"
