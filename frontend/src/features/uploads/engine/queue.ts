import { Book, type Entry } from "./book";
import { lazily } from "./lazily";
import { fingerprint, forget, recall, remember, rememberedAll } from "./memory";
import { Pace } from "./pace";
import type { Environment, Events, Item, Picked, Target, Transfer } from "./types";

// A browser opens six connections to a host; large files would only take turns on them.
const IN_FLIGHT = 6;
const LARGE_IN_FLIGHT = 3;
/** Up to here a file is created and filled by one request, and starts anew if that fails. */
const SMALL_BYTES = 8 << 20;
const ASK_AT_ONCE = 1_000;
/** How many entries are made before the page is given a turn. */
const ADD_AT_ONCE = 500;

const nextTurn = () => new Promise((resolve) => setTimeout(resolve));
const fingerprintOf = ({ picked, target }: Entry) => fingerprint(picked.file, picked.path, target);

/** A queue of resumable uploads. */
export class UploadQueue {
  readonly pace = new Pace();
  private readonly book: Book;
  private waiting: Entry[] = [];

  constructor(private readonly environment: Environment) {
    this.book = new Book(environment.onChange);
  }

  /** Add a batch. Names that are taken are asked about once. Returns how many files will be uploaded. */
  async add(batch: Picked[], target: Target): Promise<number> {
    const taken = await this.takenOf(batch, target);
    const choice = taken.size ? await this.environment.onConflict(taken.size, batch.length) : "rename";
    if (choice === null) return 0;
    const wanted = choice === "skip" ? batch.filter(({ path }) => !taken.has(path)) : batch;
    this.book.skipped += batch.length - wanted.length;
    this.book.changed();
    for (const [index, picked] of wanted.entries()) {
      this.waiting.push(this.book.add(picked, target, choice === "version" && taken.has(picked.path) ? "version" : "rename", null));
      if (index % ADD_AT_ONCE === ADD_AT_ONCE - 1) {
        this.startNext();
        await nextTurn();
      }
    }
    this.startNext();
    return wanted.length;
  }

  private async takenOf(batch: Picked[], target: Target): Promise<Set<string>> {
    const taken = new Set<string>();
    for (let start = 0; start < batch.length; start += ASK_AT_ONCE) {
      const paths = batch.slice(start, start + ASK_AT_ONCE).map(({ path }) => path);
      // Where nobody can tell, a taken name counts up, as it does anyway.
      for (const path of await this.environment.taken(target, paths).catch(() => [])) taken.add(path);
    }
    if (taken.size) {
      // The rest of an upload that was begun is no second file.
      const begun = new Set((await rememberedAll()).map((record) => record.fingerprint));
      for (const { path, file } of batch) if (begun.has(fingerprint(file, path, target))) taken.delete(path);
    }
    return taken;
  }

  /** Go on with an upload that the server still waits for. */
  resumeExisting(picked: Picked, target: Target, existing: { url: string; isDirect: boolean }): void {
    this.waiting.push(this.book.add(picked, target, "rename", existing));
    this.startNext();
  }

  pause(id: string): void {
    const entry = this.book.find(id);
    if (entry) this.pauseEntry(entry);
    this.startNext();
  }

  /** Go on after a pause or a failure, from the offset the server knows. */
  resume(id: string): void {
    const entry = this.book.find(id);
    if (entry) this.resumeEntry(entry);
    this.startNext();
  }

  pauseAll(): void {
    for (const entry of this.book.entries) this.pauseEntry(entry);
  }

  /** Resume what is paused, and try again what failed. */
  resumeAll(): void {
    for (const entry of this.book.entries) this.resumeEntry(entry);
    this.startNext();
  }

  /** Stop for good and tell the server to forget it. */
  cancel(id: string): void {
    const entry = this.book.find(id);
    if (!entry) return;
    this.book.remove((candidate) => candidate === entry);
    if (entry.item.state !== "done") {
      void entry.transfer?.discard();
      void forget(fingerprintOf(entry));
    }
    this.startNext();
  }

  clearFinished(): void {
    this.book.skipped = 0;
    this.book.remove(({ item }) => item.state === "done");
  }

  /** Offline, nothing is tried; online again, everything goes on by itself. */
  setOnline(isOnline: boolean): void {
    this.book.isOffline = !isOnline;
    if (!isOnline) {
      for (const entry of [...this.book.running]) {
        entry.transfer?.stop();
        this.book.move(entry, "waiting");
        this.waiting.unshift(entry);
      }
    }
    this.book.changed();
    this.startNext();
  }

  isBusy(): boolean {
    return this.book.counts.uploading + this.book.counts.waiting > 0;
  }

  /** Whether this page is at the upload with this path. */
  isAt(url: string): boolean {
    const entry = this.book.at(url);
    return entry !== undefined && entry.item.state !== "done";
  }

  items(): Item[] {
    return this.book.items();
  }

  private pauseEntry(entry: Entry): void {
    if (entry.item.state !== "uploading" && entry.item.state !== "waiting") return;
    entry.transfer?.stop();
    this.book.move(entry, "paused");
  }

  private resumeEntry(entry: Entry): void {
    if (entry.item.state !== "paused" && entry.item.state !== "failed") return;
    entry.item.error = null;
    this.book.move(entry, "waiting");
    this.waiting.push(entry);
  }

  private startNext(): void {
    if (this.book.isOffline) return;
    const { running } = this.book;
    let large = 0;
    for (const { item } of running) if (item.size > SMALL_BYTES) large += 1;
    const passed: Entry[] = [];
    while (running.size < IN_FLIGHT) {
      const entry = this.waiting.shift();
      if (!entry) break;
      if (entry.item.state !== "waiting" || !this.book.has(entry)) continue;
      const isLarge = entry.item.size > SMALL_BYTES;
      if (isLarge && large >= LARGE_IN_FLIGHT) {
        passed.push(entry);
        // Small ones may overtake, but nobody looks through thousands for them.
        if (passed.length > IN_FLIGHT) break;
        continue;
      }
      if (isLarge) large += 1;
      this.book.move(entry, "uploading");
      void this.start(entry);
    }
    if (passed.length) this.waiting.unshift(...passed);
  }

  private async start(entry: Entry): Promise<void> {
    entry.lastAt = performance.now();
    entry.lastSent = entry.item.sent;
    entry.starts += 1;
    const start = entry.starts;
    if (entry.transfer === null) {
      if (entry.url === null && !this.isSmall(entry)) await this.chooseWay(entry);
      if (entry.starts !== start || entry.item.state !== "uploading") return;
      entry.transfer = this.makeTransfer(entry);
    }
    entry.transfer.start();
  }

  private isSmall({ item }: Entry): boolean {
    return item.size <= Math.min(SMALL_BYTES, this.environment.chunkBytes());
  }

  private async chooseWay(entry: Entry): Promise<void> {
    // The page may have been reloaded: the same file goes on where it was.
    const known = await recall(fingerprintOf(entry));
    if (known) {
      this.book.setUrl(entry, known.url);
      entry.isDirect = known.isDirect;
      return;
    }
    const from = this.environment.directBytes();
    entry.isDirect = from !== null && entry.item.size > from && this.pace.limit === null;
  }

  private makeTransfer(entry: Entry): Transfer {
    const { picked, target, url } = entry;
    const metadata = {
      filename: picked.file.name,
      filetype: picked.file.type || "application/octet-stream",
      on_conflict: entry.onConflict,
      ...(entry.item.folder ? { relativePath: picked.path } : {}),
    };
    const { token, chunkBytes } = this.environment;
    const job = { file: picked.file, target, url, metadata, token };
    const events = this.eventsOf(entry);
    if (!entry.isDirect) {
      const tusJob = { ...job, isSmall: this.isSmall(entry), chunkBytes, pace: this.pace };
      return lazily(() => import("./tus").then(({ tusTransfer }) => tusTransfer(tusJob, events)), events);
    }
    const onUnreachable = () => {
      Object.assign(entry, { isDirect: false, url: null });
      entry.transfer = this.makeTransfer(entry);
      void forget(fingerprintOf(entry));
      if (entry.item.state === "uploading") entry.transfer.start();
    };
    return lazily(() => import("./direct").then(({ DirectTransfer }) => new DirectTransfer({ ...job, onUnreachable }, events)), events);
  }

  private eventsOf(entry: Entry): Events {
    return {
      onProgress: (sent) => this.book.progress(entry, sent),
      onUrl: (url) => {
        this.book.setUrl(entry, url);
        if (this.isSmall(entry)) return;
        const { handle } = entry.picked;
        void remember({ fingerprint: fingerprintOf(entry), url, isDirect: entry.isDirect, handle, at: Date.now() });
      },
      onDone: () => {
        entry.transfer = null;
        if (!this.isSmall(entry)) void forget(fingerprintOf(entry));
        if (this.book.has(entry)) this.book.move(entry, "done");
        this.startNext();
      },
      onFailed: (reason) => {
        if (entry.item.state !== "uploading" || !this.book.has(entry)) return;
        entry.item.error = reason;
        this.book.move(entry, "failed");
        this.startNext();
      },
    };
  }
}
