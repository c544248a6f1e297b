// SPDX-License-Identifier: Apache-2.0
import type { ApiProblem } from '../../api/http';
import { problemText } from '../../parts/problem';
import { t } from './response_texts';

const known = {
  400: 'r400',
  401: 'r401',
  403: 'r403',
  404: 'r404',
  429: 'r429',
  503: 'r503',
  507: 'r507',
} as const;

/** What a change was refused for, and the agent's own sentence. */
export function refusalText(problem: ApiProblem): string {
  if (!(problem.status in known)) return problemText(problem);
  const said = t(known[problem.status as keyof typeof known]);
  return problem.detail ? `${said}: ${problem.detail}` : said;
}
