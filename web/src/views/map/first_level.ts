// SPDX-License-Identifier: Apache-2.0
// At which level the map begins: workloads where they are few, namespaces where there are many,
// addresses where nothing has a name.
import { askQuery, INSIDE } from '../../api/query';
import { firstLevel, type Level } from './levels';

const MOST_ASKED = 200;

export async function findFirstLevel(): Promise<Level> {
  const ofSide = (side: string) =>
    askQuery(
      `${INSIDE} | last 15m | by ${side}.namespace, ${side}.workload.kind, ${side}.workload | limit ${MOST_ASKED}`,
    );
  try {
    const answers = await Promise.all([ofSide('src'), ofSide('dst')]);
    const rows = answers.flatMap((answer) => answer.rows);
    return rows.length > 0 ? firstLevel(rows) : 'workload';
  } catch {
    // Without history it is not known; the map says what else is wrong.
    return 'workload';
  }
}
