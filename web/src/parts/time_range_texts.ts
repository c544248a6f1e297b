// SPDX-License-Identifier: Apache-2.0
import { translator } from '../i18n/i18n.svelte';

export const t = translator({
  range: { en: 'Time range', zh: '时间范围' },
  all: { en: 'all kept', zh: '全部' },
  custom: { en: 'from … to …', zh: '自定义' },
  from: { en: 'From', zh: '从' },
  to: { en: 'to', zh: '到' },
  apply: { en: 'Apply', zh: '应用' },
});
