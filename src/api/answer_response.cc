// SPDX-License-Identifier: Apache-2.0
#include "api/answer_response.h"

#include <spdlog/spdlog.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "api/answer_source.h"

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

/// Reads a file while it is sent, and removes it then.
class FileSource final : public BodySource {
 public:
  FileSource(std::unique_ptr<ScratchFolder> folder, const std::string& path)
      : folder_(std::move(folder)), file_(path, std::ios::binary) {}
  [[nodiscard]] BodyPiece read() {
    constexpr std::size_t kPiece = 64UL * 1024;
    BodyPiece piece;
    piece.text.resize(kPiece);
    file_.read(piece.text.data(), static_cast<std::streamsize>(kPiece));
    piece.text.resize(static_cast<std::size_t>(file_.gcount()));
    piece.last = file_.eof();
    piece.failed = !file_ && !piece.last;
    return piece;
  }
  void next(std::function<void(BodyPiece)> done) override { done(read()); }

 private:
  std::unique_ptr<ScratchFolder> folder_;
  std::ifstream file_;
};

/// A body that is all in its first piece has a length that is known.
HttpResponse begin_with(BodyPiece first, BodySourcePtr source) {
  HttpResponse response{.body = std::move(first.text)};
  if (!first.last) response.rest = std::move(source);
  return response;
}

HttpResponse parquet_response(const ApiSources& sources, Found& found) {
  const auto without_library = [] {
    return problem(501,
                   "this agent cannot write Parquet, as it runs without DuckDB: use format=csv or "
                   "format=jsonl");
  };
  if (!sources.export_parquet) return without_library();
  auto folder = std::make_unique<ScratchFolder>();
  if (folder->path().empty())
    return problem(503, "there is no temporary folder to write Parquet in: set TMPDIR");
  const std::string path = folder->path() + "/answer.parquet";
  if (const auto written = sources.export_parquet(found.answer, path); !written) {
    if (written.error().kind == ErrorKind::kNotFound) return without_library();
    spdlog::error("cannot write Parquet: {}", written.error().message);
    return problem(500, "the answer could not be written as Parquet; the agent's log says why");
  }
  auto source = std::make_shared<FileSource>(std::move(folder), path);
  BodyPiece first = source->read();
  if (first.failed || first.text.empty())
    return problem(500, "the answer could not be written as Parquet");
  return begin_with(std::move(first), std::move(source));
}

}  // namespace

HttpResponse answer_response(const ApiSources& sources, Found& found, AnswerFormat format,
                             bool objects) {
  // What is known before the rows are written, which takes them.
  std::vector<HttpHeader> headers;
  if (format != AnswerFormat::kJson) {
    headers.push_back({"Netprobe-Tier", std::string(to_string(found.answer.tier))});
    if (found.more)
      headers.push_back({"Trailer", "Netprobe-Truncated, Netprobe-Next-Cursor"});
    else
      for (auto& header : page_headers(found.answer)) headers.push_back(std::move(header));
  }
  if (format == AnswerFormat::kParquet || format == AnswerFormat::kCsv) {
    std::string name =
        "attachment; filename=\"netprobe-" + std::string(to_string(found.query.kind));
    name += format == AnswerFormat::kCsv ? ".csv\"" : ".parquet\"";
    headers.push_back({"Content-Disposition", std::move(name)});
  }
  HttpResponse response;
  if (format == AnswerFormat::kParquet) {
    response = parquet_response(sources, found);
  } else if (format == AnswerFormat::kTable) {
    response.body = answer_table(found.answer);
  } else {
    auto source = std::make_shared<AnswerSource>(std::move(found), format, objects);
    BodyPiece first = source->first();
    response = begin_with(std::move(first), std::move(source));
  }
  if (response.status != 200) return response;
  response.content_type = media_type(format);
  response.headers = std::move(headers);
  return response;
}

}  // namespace netprobe
