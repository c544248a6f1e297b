// SPDX-License-Identifier: Apache-2.0
#include "api/answer_response.h"

#include <spdlog/spdlog.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "api/kept_answer.h"

namespace netprobe {
namespace {

/// A folder of one's own for one file; goes with all that is in it.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::error_code error;
    std::string name = (std::filesystem::temp_directory_path(error) / "netprobe-XXXXXX").string();
    if (!error && ::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

HttpResponse parquet_response(const ApiSources& sources, const Found& found) {
  const auto without_library = [] {
    return problem(501,
                   "this agent cannot write Parquet, as it runs without DuckDB: use format=csv or "
                   "format=jsonl");
  };
  if (!sources.export_parquet) return without_library();
  const ScratchFolder folder;
  if (folder.path().empty())
    return problem(503, "there is no temporary folder to write Parquet in: set TMPDIR");
  const std::string path = folder.path() + "/answer.parquet";
  if (const auto written = sources.export_parquet(found.answer, path); !written) {
    if (written.error().kind == ErrorKind::kNotFound) return without_library();
    spdlog::error("cannot write Parquet: {}", written.error().message);
    return problem(500, "the answer could not be written as Parquet; the agent's log says why");
  }
  std::ifstream file(path, std::ios::binary);
  std::string body{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file || body.empty()) return problem(500, "the answer could not be written as Parquet");
  return {.body = std::move(body)};
}

HttpResponse written(const ApiSources& sources, const Found& found, AnswerFormat format,
                     bool objects) {
  switch (format) {
    case AnswerFormat::kJson:
      break;
    case AnswerFormat::kJsonLines:
      return {.body = answer_json_lines(found.answer)};
    case AnswerFormat::kCsv:
      return {.body = answer_csv(found.answer)};
    case AnswerFormat::kTable:
      return {.body = answer_table(found.answer)};
    case AnswerFormat::kParquet:
      return parquet_response(sources, found);
  }
  AnswerPage page = page_of(found);
  page.objects = objects;
  return json_response(answer_json(page));
}

}  // namespace

HttpResponse answer_response(const ApiSources& sources, const Found& found, AnswerFormat format,
                             bool objects) {
  HttpResponse response = written(sources, found, format, objects);
  if (response.status != 200 || format == AnswerFormat::kJson) return response;
  response.content_type = media_type(format);
  const QueryAnswer& answer = found.answer;
  response.headers.push_back({"Netprobe-Tier", std::string(to_string(answer.tier))});
  response.headers.push_back({"Netprobe-Truncated", answer.truncated ? "true" : "false"});
  if (!answer.cursor.empty()) response.headers.push_back({"Netprobe-Next-Cursor", answer.cursor});
  if (format == AnswerFormat::kParquet || format == AnswerFormat::kCsv) {
    std::string name =
        "attachment; filename=\"netprobe-" + std::string(to_string(found.query.kind));
    name += format == AnswerFormat::kCsv ? ".csv\"" : ".parquet\"";
    response.headers.push_back({"Content-Disposition", std::move(name)});
  }
  return response;
}

}  // namespace netprobe
