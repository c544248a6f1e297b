// SPDX-License-Identifier: Apache-2.0
// The time that ages are told by: the server's clock, as far as this browser knows it.
import { onClockOffset } from '../api/http';

/** Below it, ages are right enough to say nothing. */
export const TOLERATED_OFFSET_MS = 5_000;

class Clock {
  /** The server's time, moved on once a second. */
  now = $state(Date.now());
  /** The server's clock less this browser's, in ms. */
  offset = $state(0);

  constructor() {
    onClockOffset((offset) => {
      // The header has whole seconds.
      if (Math.abs(offset - this.offset) > 2_000) this.offset = offset;
    });
    setInterval(() => (this.now = Date.now() + this.offset), 1000);
  }
}
export const clock = new Clock();
