// SPDX-License-Identifier: Apache-2.0
// The words of docs/verdicts.md for people.
import { translator } from '../../i18n/i18n.svelte';

const words = {
  closed: { en: 'closed', zh: '正常关闭' },
  refused: { en: 'refused', zh: '被拒绝' },
  reset_by_client: { en: 'reset by the client', zh: '被客户端重置' },
  reset_by_server: { en: 'reset by the server', zh: '被服务端重置' },
  half_closed: { en: 'half closed', zh: '半关闭' },
  unreachable: { en: 'unreachable', zh: '不可达' },
  connecting: { en: 'connecting', zh: '正在连接' },
  half_open: { en: 'half open', zh: '半开' },
  no_answer: { en: 'no answer', zh: '无应答' },
  idle: { en: 'idle', zh: '空闲' },
  unknown: { en: 'unknown', zh: '未知' },
  open: { en: 'open', zh: '已建立' },
  answered: { en: 'answered', zh: '有应答' },
  port_unreachable: { en: 'port unreachable', zh: '端口不可达' },
  timed_out: { en: 'timed out', zh: '超时' },
};
const t = translator(words);

/** One that is not known here stays what it is. */
export function verdictText(verdict: string): string {
  return Object.hasOwn(words, verdict) ? t(verdict as keyof typeof words) : verdict;
}
