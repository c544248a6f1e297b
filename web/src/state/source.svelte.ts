// SPDX-License-Identifier: Apache-2.0
// Who answers this page: an agent (one node), or netprobe-server (the cluster).
import { ask, ApiProblem, toProblem } from '../api/http';

export interface AgentOfCluster {
  node: string;
  address: string;
  state: string;
  version: string;
  since: string;
  last_contact: string;
  clock_difference_seconds: number;
  failures: number;
  problem?: string;
}

class Source {
  /** undefined: not known yet. */
  kind = $state<'agent' | 'server' | undefined>();
  problem = $state<ApiProblem | undefined>();

  /** Asks until it is known; then it does not change. */
  async find(): Promise<void> {
    for (let wait = 500; this.kind === undefined; wait = Math.min(wait * 2, 10_000)) {
      try {
        await ask('/api/agents', {}, { timeoutMs: 5_000 });
        this.kind = 'server';
      } catch (error) {
        const problem = toProblem(error);
        if (problem.status === 404) this.kind = 'agent';
        else this.problem = problem;
      }
      if (this.kind !== undefined) this.problem = undefined;
      else await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
export const source = new Source();

/** For lists that an agent gives whole, and the server a hundred rows of unless it is asked. */
export const manyRows = (): { limit?: number } =>
  source.kind === 'server' ? { limit: 5_000 } : {};
