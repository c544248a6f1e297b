// SPDX-License-Identifier: Apache-2.0
// English and Chinese. Each view has its own texts (texts.ts in its folder), so that a view
// that is not opened costs nothing; both languages stand side by side, so that neither is
// forgotten.
export type Language = 'en' | 'zh';

export const languages: readonly Language[] = ['en', 'zh'];

/** Of what the browser asks for, the first that there is. */
export function pickLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const primary = tag.toLowerCase().split('-')[0];
    if (primary === 'zh' || primary === 'en') return primary;
  }
  return 'en';
}

class Current {
  language = $state<Language>('en');
}
export const current = new Current();

export type Texts<Keys extends string> = Record<Keys, { en: string; zh: string }>;

type Values = Record<string, string | number>;

export function fill(text: string, values: Values = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}

/**
 * `const t = translator({ hello: { en: 'Hello {name}', zh: '你好，{name}' } })`, then
 * `t('hello', { name })`. Reads the language when called, so markup follows it.
 */
export function translator<Keys extends string>(texts: Texts<Keys>) {
  return (key: Keys, values?: Values): string => fill(texts[key][current.language], values);
}
