// SPDX-License-Identifier: Apache-2.0
// usage: write_link_golden FOLDER: messages of this version, and what they say.
// golden/README.md has when.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "golden_messages.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_link_golden FOLDER\n", stderr);
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  for (const auto& message : netprobe::testing::golden_messages()) {
    std::ofstream bytes(folder / (message.name + ".bin"), std::ios::binary);
    bytes << message.bytes;
    std::ofstream text(folder / (message.name + ".txt"));
    for (const std::string& line : netprobe::testing::golden_text(message.name, message.bytes))
      text << line << '\n';
    if (!bytes.flush() || !text.flush()) {
      std::fprintf(stderr, "write_link_golden: cannot write %s\n", message.name.c_str());
      return 1;
    }
  }
  return 0;
}
