/** A limit on bytes per second over all uploads: whoever sends asks first, and waits until its bytes are affordable. */
export class Pace {
  private freeAt = 0;

  /** Bytes per second; null: no limit. */
  constructor(public limit: number | null = null) {}

  /** How much to send in one request: about two seconds' worth, so that a limit is felt and a request stays worth its while. */
  chunk(wanted: number): number {
    return this.limit === null ? wanted : Math.max(64 * 1024, Math.min(wanted, this.limit * 2));
  }

  async wait(bytes: number): Promise<void> {
    if (this.limit === null) return;
    const now = performance.now();
    const startAt = Math.max(now, this.freeAt);
    this.freeAt = startAt + (bytes / this.limit) * 1000;
    if (startAt > now) await new Promise((resolve) => setTimeout(resolve, startAt - now));
  }
}
