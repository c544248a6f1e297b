// SPDX-License-Identifier: Apache-2.0
// Server-sent events out of a stream of text (HTML standard, 9.2.6).

export interface ServerEvent {
  name: string;
  data: string;
}

/** Feed it pieces as they come, cut anywhere. */
export class EventParser {
  #rest = '';
  #name = '';
  #data: string[] = [];

  constructor(private readonly most = 8 << 20) {}

  /** Events that `piece` completed. Throws RangeError where one event is larger than `most`. */
  add(piece: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    const text = this.#rest + piece;
    if (text.length > this.most) throw new RangeError('an event is too large');
    let from = 0;
    for (;;) {
      const end = text.indexOf('\n', from);
      if (end < 0) break;
      const line = text.slice(from, text[end - 1] === '\r' && end > from ? end - 1 : end);
      from = end + 1;
      if (line === '') {
        if (this.#data.length > 0)
          events.push({ name: this.#name || 'message', data: this.#data.join('\n') });
        this.#name = '';
        this.#data = [];
      } else if (!line.startsWith(':')) {
        const colon = line.indexOf(':');
        const field = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
        if (field === 'event') this.#name = value;
        if (field === 'data') this.#data.push(value);
      }
    }
    this.#rest = text.slice(from);
    return events;
  }
}
