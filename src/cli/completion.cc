// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <vector>

#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/output.h"
#include "query/field.h"
#include "query/field_names.h"

namespace netprobe {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<std::string> flags_of(const CLI::Option& option) {
  std::vector<std::string> flags;
  for (const auto& name : option.get_lnames()) flags.push_back("--" + name);
  for (const auto& name : option.get_snames()) flags.push_back("-" + name);
  return flags;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

/// What a query may begin with: kinds, and fields of flows. Labels have names of
/// their own behind the dot.
std::vector<std::string> query_words() {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < kRecordKinds; ++i)
    words.emplace_back(to_string(static_cast<RecordKind>(i)));
  for (const BareName& each : bare_names())
    words.push_back(std::string(each.name) + (each.name == "label" ? "." : "="));
  for (const Field& each : fields())
    words.push_back(std::string(each.name) + (each.type == FieldType::kLabel ? "." : "="));
  return words;
}

/// Words of a command's first argument without a flag; "FILE" for file names.
std::vector<std::string> argument_words(const CLI::App& command, bool& files) {
  files = false;
  for (const auto* option :
       command.get_options([](const CLI::Option* o) { return o->get_positional(); })) {
    files = option->get_name(true) == "FILE";
    if (option->get_type_name() == "QUERY" || option->get_type_name() == "FILTER")
      return query_words();
    return choices_of(*option);
  }
  return {};
}

/// For single quotes of bash, zsh and fish.
std::string quoted(std::string text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// zsh's descriptions end at a bracket and its fields at a colon.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

void append_bash_command(std::string& out, const CLI::App& command) {
  std::string values;
  std::vector<std::string> all;
  for (const auto* option : command.get_options()) {
    const auto flags = flags_of(*option);
    all.insert(all.end(), flags.begin(), flags.end());
    if (flags.empty() || !takes_value(*option)) continue;
    values += "        " + joined(flags, "|") + ") COMPREPLY=($(compgen -W " +
              quoted(joined(choices_of(*option), " ")) + " -- \"$cur\")); return ;;\n";
  }
  bool files = false;
  const auto words = argument_words(command, files);
  out += "    " + command.get_name() + ")\n      case \"$prev\" in\n" + values + "      esac\n";
  out += "      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W " + quoted(joined(all, " ")) +
         " -- \"$cur\"))\n";
  if (files)
    out += "      else COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o filenames 2>/dev/null\n";
  if (!words.empty())
    out += "      else COMPREPLY=($(compgen -W " + quoted(joined(words, " ")) + " -- \"$cur\"))\n";
  out += "      fi ;;\n";
}

/// The form "table" "json" "…" of one completion script for each shell.
std::string completion_of(const CLI::App& app, const std::string& shell) {
  if (shell == "bash") return bash_completion(app);
  return shell == "zsh" ? zsh_completion(app) : fish_completion(app);
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::vector<std::string> names;
  std::string cases;
  for (const auto* command : commands_of(app)) {
    names.push_back(command->get_name());
    append_bash_command(cases, *command);
  }
  return "# bash completion of netprobe: source <(netprobe completion bash)\n"
         "_netprobe() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  COMPREPLY=()\n"
         "  if ((COMP_CWORD == 1)); then\n"
         "    COMPREPLY=($(compgen -W " +
         quoted(joined(names, " ") + " --help") +
         " -- \"$cur\")); return\n"
         "  fi\n"
         "  case \"${COMP_WORDS[1]}\" in\n" +
         cases +
         "  esac\n"
         "}\n"
         "complete -F _netprobe netprobe\n";
}

std::string zsh_completion(const CLI::App& app) {
  std::string names;
  std::string cases;
  for (const auto* command : commands_of(app)) {
    names += "    " +
             quoted(zsh_text(command->get_name()) + ":" + zsh_text(command->get_description())) +
             "\n";
    cases += "    " + command->get_name() + ")\n      _arguments";
    for (const auto* option : command->get_options()) {
      const auto words = choices_of(*option);
      for (const auto& flag : flags_of(*option)) {
        std::string spec = flag + "[" + zsh_text(option->get_description()) + "]";
        if (takes_value(*option))
          spec += ":value:" + (words.empty() ? "" : "(" + joined(words, " ") + ")");
        // May stand there again: filters can be given more than once.
        cases += " \\\n        " + quoted("*" + spec);
      }
    }
    bool files = false;
    const auto words = argument_words(*command, files);
    if (files) cases += " \\\n        '1:file:_files'";
    if (!words.empty()) cases += " \\\n        " + quoted("1:word:(" + joined(words, " ") + ")");
    cases += " ;;\n";
  }
  return "#compdef netprobe\n"
         "# zsh completion of netprobe: netprobe completion zsh > \"${fpath[1]}/_netprobe\"\n"
         "_netprobe() {\n"
         "  local -a commands\n"
         "  commands=(\n" +
         names +
         "  )\n"
         "  if ((CURRENT == 2)); then\n"
         "    _describe command commands\n"
         "    return\n"
         "  fi\n"
         "  local command=$words[2]\n"
         "  shift words\n"
         "  ((CURRENT--))\n"
         "  case $command in\n" +
         cases +
         "  esac\n"
         "}\n"
         "compdef _netprobe netprobe\n";
}

std::string fish_completion(const CLI::App& app) {
  std::string out =
      "# fish completion of netprobe: netprobe completion fish > "
      "~/.config/fish/completions/netprobe.fish\n"
      "complete -c netprobe -f\n";
  for (const auto* command : commands_of(app)) {
    out += "complete -c netprobe -n __fish_use_subcommand -a " + command->get_name() + " -d " +
           quoted(command->get_description()) + "\n";
    const std::string here =
        "complete -c netprobe -n '__fish_seen_subcommand_from " + command->get_name() + "'";
    for (const auto* option : command->get_options()) {
      if (flags_of(*option).empty()) continue;
      out += here;
      for (const auto& name : option->get_snames()) out += " -s " + name;
      for (const auto& name : option->get_lnames()) out += " -l " + name;
      if (takes_value(*option)) out += " -x";
      if (const auto words = choices_of(*option); !words.empty())
        out += " -a " + quoted(joined(words, " "));
      out += " -d " + quoted(option->get_description()) + "\n";
    }
    bool files = false;
    const auto words = argument_words(*command, files);
    if (files) out += here + " -F\n";
    if (!words.empty()) out += here + " -a " + quoted(joined(words, " ")) + "\n";
  }
  return out;
}

void add_completion(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("completion", "Print a completion script for a shell");
  auto shell = std::make_shared<std::string>();
  add_choice(*command, "SHELL", *shell, {"bash", "zsh", "fish"}, "for which shell")->required();
  command->footer(
      "Examples:\n"
      "  source <(netprobe completion bash)\n"
      "  netprobe completion zsh > \"${fpath[1]}/_netprobe\"\n"
      "  netprobe completion fish > ~/.config/fish/completions/netprobe.fish");
  command->callback([&app, shell, &exit_code] {
    Output out;
    out.text() = completion_of(app, *shell);
    (void)out.flush();
    exit_code = kExitOk;
  });
}

}  // namespace netprobe
