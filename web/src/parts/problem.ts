// SPDX-License-Identifier: Apache-2.0
import type { ApiProblem } from '../api/http';
import { t } from './texts';

/** One sentence: what happened, and the server's own words where it has some. */
export function problemText(problem: ApiProblem): string {
  const said = t(problem.kind);
  return problem.detail ? `${said}: ${problem.detail}` : said;
}
