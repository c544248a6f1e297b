// SPDX-License-Identifier: Apache-2.0
#include "support/pcap_writer.h"

#include <array>

namespace netprobe::test {
namespace {

// In the byte order of the writer; the magic tells the reader which.
constexpr std::uint32_t kNanosecondMagic = 0xa1b23c4d;

struct FileHeader {
  std::uint32_t magic;
  std::uint16_t major;
  std::uint16_t minor;
  std::uint32_t zone;
  std::uint32_t accuracy;
  std::uint32_t snaplen;
  std::uint32_t link;
};
static_assert(sizeof(FileHeader) == 24);

}  // namespace

Result<PcapWriter> PcapWriter::create(const std::string& path, LinkType link,
                                      std::uint32_t snaplen) {
  PcapWriter writer(std::fopen(path.c_str(), "wb"));
  if (!writer.file_) return fail_errno("cannot write " + path);
  const FileHeader header{kNanosecondMagic, 2, 4, 0, 0, snaplen, static_cast<std::uint32_t>(link)};
  if (std::fwrite(&header, sizeof(header), 1, writer.file_.get()) != 1)
    return fail_errno("cannot write " + path);
  return writer;
}

Status PcapWriter::add(std::span<const std::uint8_t> captured, Nanos time,
                       std::uint32_t wire_length) {
  if (!file_) return fail("the capture is finished");
  const auto size = static_cast<std::uint32_t>(captured.size());
  const std::array<std::uint32_t, 4> header{static_cast<std::uint32_t>(time / kSecond),
                                            static_cast<std::uint32_t>(time % kSecond), size,
                                            wire_length == 0 ? size : wire_length};
  if (std::fwrite(header.data(), sizeof(header), 1, file_.get()) != 1 ||
      std::fwrite(captured.data(), 1, captured.size(), file_.get()) != captured.size())
    return fail_errno("cannot write a packet");
  return {};
}

Status PcapWriter::finish() {
  if (!file_) return fail("the capture is finished");
  if (std::fclose(file_.release()) != 0) return fail_errno("cannot finish the capture");
  return {};
}

}  // namespace netprobe::test
