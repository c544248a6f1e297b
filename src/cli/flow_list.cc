// SPDX-License-Identifier: Apache-2.0
#include "cli/flow_list.h"

#include <simdjson.h>

namespace netprobe {

Result<FlowPage> read_flow_page(const std::string& body,
                                const std::function<bool(std::string_view)>& flow) {
  const auto bad = [] { return fail("the agent's answer is not a list of flows"); };
  // On demand, because only it gives an object's own text.
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(body);
  simdjson::ondemand::document document;
  simdjson::ondemand::array flows;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document["flows"].get_array().get(flows) != simdjson::SUCCESS)
    return bad();
  FlowPage page;
  for (auto item : flows) {
    simdjson::ondemand::object object;
    std::string_view text;
    if (item.get_object().get(object) != simdjson::SUCCESS ||
        object.raw_json().get(text) != simdjson::SUCCESS)
      return bad();
    if (!flow(text)) return page;
  }
  std::string_view cursor;
  if (document["next_cursor"].get_string().get(cursor) == simdjson::SUCCESS)
    page.next_cursor = cursor;
  return page;
}

}  // namespace netprobe
