// SPDX-License-Identifier: Apache-2.0
import { translator } from '../../i18n/i18n.svelte';

export const t = translator({
  query: { en: 'Query', zh: '查询' },
  hint: {
    en: 'a filter, then stages: src.namespace=shop port=443 | sum bytes by dst.workload',
    zh: '先写过滤条件，再写处理步骤：src.namespace=shop port=443 | sum bytes by dst.workload',
  },
  run: { en: 'Run', zh: '运行' },
  recent: { en: 'Recent queries', zh: '最近的查询' },
  examples: { en: 'Examples', zh: '示例' },
  expected: { en: 'Here may stand:', zh: '此处可以是：' },
  at: { en: 'At column {column}: {detail}', zh: '第 {column} 列：{detail}' },
  loaded: {
    en: 'Words are offered as you type; Tab takes one, Enter runs the query.',
    zh: '输入时会给出候选词；按 Tab 采用，按 Enter 运行查询。',
  },
});
