// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_policy/policy_yaml.h"
#include "api/advise_page.h"
#include "api/advise_query.h"
#include "api/asker.h"
#include "api/kept_answer.h"
#include "api/observed_flows.h"

namespace netprobe {
namespace {

using network_policy::Observed;
using network_policy::Policy;

using Render = std::function<HttpResponse(const AdviseQuery&, const Observed&, const AnswerPage&)>;

/// Asks history who talked to whom, and answers with what `render` makes of it.
void observe(const ApiContextPtr& context, const HttpReply& reply, AdviseQuery query,
             Render render) {
  Ask question = query.ask;
  ask(context, reply, std::move(question),
      [query = std::move(query), render = std::move(render)](const Found& found) {
        if (found.answer.truncated)
          return problem(422, "there are more than " + std::to_string(kMostObserved) +
                                  " different flows: say which workload, or a shorter since");
        const AnswerPage page = page_of(found);
        return render(query, observed_flows(page), page);
      });
}

HttpResponse advice_response(const AdviseQuery& query, const Observed& observed,
                             const AnswerPage& page) {
  const auto advice = network_policy::advise(query.question, observed);
  if (advice) return json_response(advise_page(query.question, observed, *advice, page));
  return problem(advice.error().kind == ErrorKind::kNotFound ? 404 : 400, advice.error().message);
}

void check(const ApiContextPtr& context, const HttpRequest& request, const HttpReply& reply) {
  std::string_view type = request.header("content-type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (!equals_ignoring_case(type, "application/yaml") && !equals_ignoring_case(type, "text/plain"))
    return reply(
        problem(415, "policies to check come as application/yaml or text/plain",
                {.parameter = "Content-Type", .allowed = {"application/yaml", "text/plain"}}));
  auto query = parse_advise_query(request.query, context->sources.clock.wall(), true);
  if (!query) return reply(bad_query_response(query.error()));
  auto policies = network_policy::read_policies(request.body, query->question.name_space);
  if (!policies) return reply(problem(400, policies.error().message));
  observe(context, reply, std::move(*query),
          [policies = std::move(*policies)](const AdviseQuery& asked, const Observed& observed,
                                            const AnswerPage& page) {
            return json_response(check_page(asked.question, observed,
                                            network_policy::replay(policies, observed.seen), page));
          });
}

}  // namespace

void add_advise_routes(HttpServer& server, const ApiContextPtr& context) {
  server.route(
      "/api/advise/network-policy",
      [context](const HttpRequest& request, const HttpReply& reply) {
        // Nothing is changed by it: policies are what is asked about.
        if (request.method == "POST") return check(context, request, reply);
        auto query = parse_advise_query(request.query, context->sources.clock.wall());
        if (!query) return reply(bad_query_response(query.error()));
        observe(context, reply, std::move(*query), advice_response);
      },
      HttpMethods::kGetAndPost);
}

}  // namespace netprobe
