import type { Item, OnConflict, Picked, Summary, Target, Transfer, UploadState } from "./types";

export type Entry = {
  item: Item;
  picked: Picked;
  target: Target;
  onConflict: Exclude<OnConflict, "skip">;
  url: string | null;
  isDirect: boolean;
  transfer: Transfer | null;
  /** Counts its starts: one that was overtaken while it looked something up is over. */
  starts: number;
  lastAt: number;
  lastSent: number;
};

const NOTIFY_EVERY_MS = 250;
const SMOOTHING = 0.3;

/** Every entry and what they add up to; sums are kept, so that a change among ten thousand costs what it costs among ten. */
export class Book {
  entries: Entry[] = [];
  readonly running = new Set<Entry>();
  readonly counts: Record<UploadState, number> = { waiting: 0, uploading: 0, paused: 0, done: 0, failed: 0 };
  skipped = 0;
  isOffline = false;
  private readonly byId = new Map<string, Entry>();
  private readonly urls = new Map<string, Entry>();
  private bytes = 0;
  private sentBytes = 0;
  private count = 0;
  private version = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private order: Item[] | null = null;

  constructor(private readonly onChange: (summary: Summary) => void) {}

  add(picked: Picked, target: Target, onConflict: Entry["onConflict"], existing: { url: string; isDirect: boolean } | null): Entry {
    this.count += 1;
    const { file, path } = picked;
    const item: Item = {
      id: `u${this.count}`,
      name: file.name,
      folder: path.slice(0, Math.max(0, path.lastIndexOf("/"))),
      size: file.size,
      projectId: target.projectId,
      sent: 0,
      speed: 0,
      state: "waiting",
      error: null,
    };
    const entry: Entry = { item, picked, target, onConflict, url: null, isDirect: existing?.isDirect ?? false, transfer: null, starts: 0, lastAt: 0, lastSent: 0 };
    if (existing) this.setUrl(entry, existing.url);
    this.entries.push(entry);
    this.byId.set(item.id, entry);
    this.counts.waiting += 1;
    this.bytes += file.size;
    this.changed();
    return entry;
  }

  find(id: string): Entry | undefined {
    return this.byId.get(id);
  }

  has(entry: Entry): boolean {
    return this.byId.has(entry.item.id);
  }

  at(url: string): Entry | undefined {
    return this.urls.get(url);
  }

  setUrl(entry: Entry, url: string): void {
    entry.url = url;
    this.urls.set(url, entry);
  }

  move(entry: Entry, state: UploadState): void {
    this.counts[entry.item.state] -= 1;
    this.counts[state] += 1;
    entry.item.state = state;
    entry.item.speed = 0;
    if (state === "uploading") this.running.add(entry);
    else this.running.delete(entry);
    if (state === "done") this.setSent(entry, entry.item.size);
    this.changed();
  }

  remove(isGone: (entry: Entry) => boolean): void {
    const kept: Entry[] = [];
    for (const entry of this.entries) {
      if (!isGone(entry)) {
        kept.push(entry);
        continue;
      }
      const { item } = entry;
      this.counts[item.state] -= 1;
      this.bytes -= item.size;
      this.sentBytes -= item.sent;
      this.byId.delete(item.id);
      if (entry.url) this.urls.delete(entry.url);
      this.running.delete(entry);
    }
    this.entries = kept;
    this.changed();
  }

  progress(entry: Entry, sent: number): void {
    const now = performance.now();
    const seconds = (now - entry.lastAt) / 1000;
    this.setSent(entry, sent);
    if (seconds >= 0.5) {
      const speed = Math.max(0, sent - entry.lastSent) / seconds;
      entry.item.speed = entry.item.speed ? entry.item.speed * (1 - SMOOTHING) + speed * SMOOTHING : speed;
      entry.lastAt = now;
      entry.lastSent = sent;
    }
    this.changed();
  }

  private setSent(entry: Entry, sent: number): void {
    if (this.has(entry)) this.sentBytes += sent - entry.item.sent;
    entry.item.sent = sent;
  }

  /** Items as a list shows them: what needs somebody first, what is over last. */
  items(): Item[] {
    if (this.order === null) {
      const buckets: Record<UploadState, Item[]> = { failed: [], uploading: [], paused: [], waiting: [], done: [] };
      for (const { item } of this.entries) buckets[item.state].push(item);
      this.order = Object.values(buckets).flat();
    }
    return this.order;
  }

  /** Tells of all changes of a quarter of a second at once. */
  changed(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.version += 1;
      this.order = null;
      this.onChange(this.summary());
    }, NOTIFY_EVERY_MS);
  }

  private summary(): Summary {
    let speed = 0;
    for (const { item } of this.running) speed += item.speed;
    return {
      total: this.entries.length,
      done: this.counts.done,
      failed: this.counts.failed,
      paused: this.counts.paused,
      busy: this.counts.uploading + this.counts.waiting,
      skipped: this.skipped,
      bytes: this.bytes,
      sentBytes: this.sentBytes,
      speed,
      isOffline: this.isOffline,
      version: this.version,
    };
  }
}
