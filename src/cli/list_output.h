// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <vector>

#include "cli/table.h"

namespace netprobe {

/// How a list of an answer is printed.
struct ListOutput {
  bool json = false;  ///< one object a line, as the agent wrote it
  bool no_colour = false;
  std::vector<TextColumn> columns;
  Row (*row)(simdjson::dom::element) = nullptr;
};

/// Prints the objects of a list to standard output.
void print_list(simdjson::dom::array list, const ListOutput& how);

}  // namespace netprobe
