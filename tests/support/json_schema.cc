// SPDX-License-Identifier: Apache-2.0
#include "support/json_schema.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/duration.h"

namespace netprobe::testing {
namespace {

namespace json = boost::json;

/// Beyond, more of the same says no more.
constexpr std::size_t kMaxComplaints = 20;

constexpr std::array<std::string_view, 4> kAnnotations{"description", "default", "examples",
                                                       "title"};

std::string_view type_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "boolean";
    case json::kind::string:
      return "string";
    case json::kind::array:
      return "array";
    case json::kind::object:
      return "object";
    case json::kind::double_:
      return std::floor(value.get_double()) == value.get_double() ? "integer" : "number";
    default:
      return "integer";
  }
}

bool is_type(std::string_view type, const json::value& value) {
  const auto actual = type_of(value);
  return actual == type || (type == "number" && actual == "integer");
}

class Check {
 public:
  Check(const json::value& document, std::vector<std::string>& complaints)
      : document_(document), complaints_(complaints) {}

  void run(const json::value& schema, const json::value& value, const std::string& where) {
    if (!schema.is_object()) return complain(where, "its schema is no object");
    for (const auto& [keyword, argument] : schema.get_object())
      apply(schema.get_object(), keyword, argument, value, where);
  }

 private:
  void complain(const std::string& where, const std::string& what) {
    if (complaints_.size() < kMaxComplaints)
      complaints_.push_back((where.empty() ? "the answer" : where) + ": " + what);
  }

  void apply(const json::object& schema, std::string_view keyword, const json::value& argument,
             const json::value& value, const std::string& where) {
    if (keyword == "$ref") return follow(argument, value, where);
    if (keyword == "type") return type(argument, value, where);
    if (keyword == "enum") {
      const auto& words = argument.as_array();
      if (std::ranges::find(words, value) == words.end())
        complain(where, json::serialize(value) + " is not one of " + json::serialize(argument));
    } else if (keyword == "const") {
      if (value != argument)
        complain(where, json::serialize(value) + " is not " + json::serialize(argument));
    } else if (keyword == "required") {
      if (!value.is_object()) return;
      for (const auto& name : argument.as_array())
        if (!value.get_object().contains(name.as_string()))
          complain(where, "it has no " + std::string(name.as_string()));
    } else if (keyword == "properties") {
      if (!value.is_object()) return;
      for (const auto& [name, inner] : argument.as_object())
        if (const auto* found = value.get_object().if_contains(name))
          run(inner, *found, where + "." + std::string(name));
    } else if (keyword == "additionalProperties") {
      additional(schema, argument, value, where);
    } else if (keyword == "items") {
      if (!value.is_array()) return;
      for (std::size_t i = 0; i < value.get_array().size(); ++i)
        run(argument, value.get_array()[i], where + "[" + std::to_string(i) + "]");
    } else if (keyword == "oneOf" || keyword == "anyOf") {
      const auto fitting = std::ranges::count_if(argument.as_array(), [&](const json::value& each) {
        std::vector<std::string> complaints;
        Check(document_, complaints).run(each, value, where);
        return complaints.empty();
      });
      if (fitting == 0 || (keyword == "oneOf" && fitting > 1))
        complain(where, "it fits " + std::to_string(fitting) + " of " + std::string(keyword));
    } else if (keyword == "minimum" || keyword == "maximum") {
      if (!value.is_number()) return;
      const auto number = value.to_number<double>();
      const auto bound = argument.to_number<double>();
      if (keyword == "minimum" ? number < bound : number > bound)
        complain(where, json::serialize(value) + " is beyond its " + std::string(keyword));
    } else if (keyword == "format") {
      if (argument != "date-time") return complain(where, "unknown format in its schema");
      if (value.is_string() && (value.get_string().find("T") == json::string::npos ||
                                !parse_time(std::string_view(value.get_string()), 0)))
        complain(where, json::serialize(value) + " is no date-time");
    } else if (std::ranges::find(kAnnotations, keyword) == kAnnotations.end()) {
      complain(where, "its schema has '" + std::string(keyword) + "', which is not checked");
    }
  }

  void type(const json::value& argument, const json::value& value, const std::string& where) {
    const bool fits = argument.is_string()
                          ? is_type(argument.get_string(), value)
                          : std::ranges::any_of(argument.as_array(), [&](const json::value& each) {
                              return is_type(each.as_string(), value);
                            });
    if (!fits)
      complain(where, std::string(type_of(value)) + " instead of " + json::serialize(argument));
  }

  void additional(const json::object& schema, const json::value& argument, const json::value& value,
                  const std::string& where) {
    if (!value.is_object()) return;
    const auto* properties = schema.if_contains("properties");
    for (const auto& [name, inner] : value.get_object()) {
      if (properties != nullptr && properties->as_object().contains(name)) continue;
      if (argument.is_object())
        run(argument, inner, where + "." + std::string(name));
      else if (!argument.as_bool())
        complain(where, "'" + std::string(name) + "' is not described");
    }
  }

  void follow(const json::value& reference, const json::value& value, const std::string& where) {
    boost::system::error_code error;
    const std::string pointer(reference.as_string());
    const json::value* target =
        pointer.starts_with('#') ? document_.find_pointer(pointer.substr(1), error) : nullptr;
    if (target == nullptr) return complain(where, "there is no " + pointer);
    run(*target, value, where);
  }

  const json::value& document_;
  std::vector<std::string>& complaints_;
};

/// The schema of that answer; null where it is not described as JSON.
const json::value* schema_of(const json::value& document, const std::string& path,
                             const std::string& status, const std::string& method = "get") {
  const auto at = [&](const json::value* from, const std::string& key) -> const json::value* {
    if (from == nullptr || !from->is_object()) return nullptr;
    const auto* next = from->get_object().if_contains(key);
    if (next == nullptr || !next->is_object()) return next;
    const auto* reference = next->get_object().if_contains("$ref");
    if (reference == nullptr) return next;
    boost::system::error_code error;
    return document.find_pointer(std::string(reference->as_string()).substr(1), error);
  };
  const json::value* content = &document;
  for (const std::string& key : {std::string("paths"), path, method, std::string("responses"),
                                 status, std::string("content")})
    content = at(content, key);
  const char* type = status == "200" ? "application/json" : "application/problem+json";
  return at(at(content, type), "schema");
}

}  // namespace

std::vector<std::string> JsonSchema::check(const json::value& schema,
                                           const json::value& value) const {
  std::vector<std::string> complaints;
  Check(document_, complaints).run(schema, value, "");
  return complaints;
}

std::vector<std::string> JsonSchema::check_answer(std::string_view path, long status,
                                                  std::string_view body,
                                                  std::string_view method) const {
  const auto* schema =
      schema_of(document_, std::string(path), std::to_string(status), std::string(method));
  if (schema == nullptr)
    return {std::string(path) + " has no JSON answer with status " + std::to_string(status) +
            " in the description"};
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  if (error) return {std::string(path) + " is no JSON: " + error.message()};
  return check(*schema, value);
}

std::vector<std::string> JsonSchema::json_paths() const {
  std::vector<std::string> paths;
  for (const auto& [path, item] : document_.at("paths").as_object())
    if (schema_of(document_, path, "200") != nullptr) paths.emplace_back(path);
  return paths;
}

}  // namespace netprobe::testing
