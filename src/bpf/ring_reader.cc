// SPDX-License-Identifier: Apache-2.0
#include "bpf/ring_reader.h"

#include <bpf/libbpf.h>

namespace netprobe {

struct RingReader::State {
  Handler handler;
  ring_buffer* ring = nullptr;
  ~State() { ring_buffer__free(ring); }

  static int on_record(void* context, void* data, std::size_t size) {
    static_cast<State*>(context)->handler({static_cast<const std::byte*>(data), size});
    return 0;
  }
};

RingReader::RingReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
RingReader::RingReader(RingReader&&) noexcept = default;
RingReader& RingReader::operator=(RingReader&&) noexcept = default;
RingReader::~RingReader() = default;

Result<RingReader> RingReader::make(int map_fd, Handler handler) {
  auto state = std::make_unique<State>();
  state->handler = std::move(handler);
  state->ring = ring_buffer__new(map_fd, State::on_record, state.get(), nullptr);
  if (state->ring == nullptr) return fail_errno("cannot read a BPF ring buffer");
  return RingReader(std::move(state));
}

int RingReader::fd() const { return ring_buffer__epoll_fd(state_->ring); }

std::size_t RingReader::drain() {
  const int count = ring_buffer__consume(state_->ring);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

}  // namespace netprobe
