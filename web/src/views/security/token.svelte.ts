// SPDX-License-Identifier: Apache-2.0
// The agent's token, as it was typed in: in memory alone, until the page is closed.
class Token {
  value = $state('');

  get headers(): Record<string, string> {
    return this.value ? { Authorization: `Bearer ${this.value.trim()}` } : {};
  }
}
export const token = new Token();
