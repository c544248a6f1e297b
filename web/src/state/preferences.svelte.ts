// SPDX-License-Identifier: Apache-2.0
// What who looks chose, kept in this browser.
import { current, languages, pickLanguage, type Language } from '../i18n/i18n.svelte';

export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'netprobe.preferences';

function kept(): { theme?: Theme; language?: Language } {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {}; // no storage, or somebody else's: as if there were none
  }
}

class Preferences {
  theme = $state<Theme>('auto');

  constructor() {
    const { theme, language } = kept();
    if (theme === 'light' || theme === 'dark') this.theme = theme;
    current.language =
      language && languages.includes(language) ? language : pickLanguage(navigator.languages);
    this.#show();
  }

  set(change: { theme?: Theme; language?: Language }): void {
    if (change.theme) this.theme = change.theme;
    if (change.language) current.language = change.language;
    this.#show();
    try {
      localStorage.setItem(KEY, JSON.stringify({ theme: this.theme, language: current.language }));
    } catch {
      // It holds until the tab is closed.
    }
  }

  #show(): void {
    const root = document.documentElement;
    root.lang = current.language === 'zh' ? 'zh-CN' : 'en';
    if (this.theme === 'auto') root.removeAttribute('data-theme');
    else root.setAttribute('data-theme', this.theme);
  }
}
export const preferences = new Preferences();
