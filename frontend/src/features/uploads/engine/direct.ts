import { type Events, isRetryable, reasonOf, RETRY_DELAYS, type Target, type Transfer } from "./types";

export type DirectJob = {
  file: File;
  target: Target;
  url: string | null;
  metadata: Record<string, string>;
  token: () => Promise<string | null>;
  /** The store can't be reached from this browser after all: nothing was lost, the file goes another way. */
  onUnreachable: () => void;
};

type Made = { uploadId: string; partSize: number };
type Listed = { PartNumber: number; Size: number; ETag: string };

const PARALLEL = 3;
const UNREACHABLE_AFTER = 2;

class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

class Stopped extends Error {}

/** A file in parts that go straight to the store (S3 multipart); our API signs each one and makes the object. */
export class DirectTransfer implements Transfer {
  private readonly base: string;
  private uploadId: string | null;
  private running: AbortController | null = null;
  private readonly loaded = new Map<number, number>();
  private hasReachedStore = false;
  private failuresBeforeReach = 0;

  constructor(
    private readonly job: DirectJob,
    private readonly events: Events,
  ) {
    this.base = `/api/v1/projects/${job.target.projectId}/s3/multipart`;
    this.uploadId = job.url?.split("/").pop() ?? null;
  }

  start(): void {
    if (this.running) return;
    const controller = new AbortController();
    this.running = controller;
    this.run(controller.signal)
      .then(() => this.events.onDone())
      .catch((error: unknown) => {
        if (controller.signal.aborted && !(error instanceof Unreachable)) return;
        controller.abort();
        if (error instanceof Unreachable) void this.discard().then(() => this.job.onUnreachable());
        else this.events.onFailed(error instanceof Refused ? error.message : reasonOf(null));
      })
      .finally(() => {
        if (this.running === controller) this.running = null;
      });
  }

  stop(): void {
    this.running?.abort();
    this.running = null;
  }

  async discard(): Promise<void> {
    this.stop();
    if (this.uploadId) await this.ask("DELETE", `/${this.uploadId}`).catch(() => undefined);
  }

  private async run(signal: AbortSignal): Promise<void> {
    const size = await this.open(signal);
    const count = Math.ceil(this.job.file.size / size);
    const etags = new Map<number, string>();
    for (const part of await this.listed(signal)) {
      if (part.Size === this.sizeOf(part.PartNumber, size)) {
        etags.set(part.PartNumber, part.ETag);
        this.loaded.set(part.PartNumber, part.Size);
      }
    }
    this.report();
    let next = 1;
    const work = async () => {
      while (next <= count) {
        const number = next;
        next += 1;
        if (!etags.has(number)) etags.set(number, await this.send(number, size, signal));
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    const isComplete = [...etags.values()].every(Boolean);
    // A store that shows no ETag to pages still lists it.
    const named = isComplete ? [...etags].map(([PartNumber, ETag]) => ({ PartNumber, ETag })) : await this.listed(signal);
    const parts = named.map(({ PartNumber, ETag }) => ({ PartNumber, ETag })).sort((one, other) => one.PartNumber - other.PartNumber);
    await this.persist(signal, () => this.ask("POST", `/${this.uploadId}/complete`, { parts }, signal));
  }

  /** Begin it, or find it again. Returns the size of its parts. */
  private async open(signal: AbortSignal): Promise<number> {
    if (this.uploadId) {
      try {
        const found = await this.persist(signal, () => this.ask("GET", `/api/v1/uploads/${this.uploadId}`, undefined, signal));
        const { part_bytes: partBytes, state } = found as { part_bytes: number; state: string };
        if (state === "OPEN" || state.startsWith("COMPLET")) return partBytes;
      } catch (error) {
        if (!(error instanceof Refused) || error.status !== 404) throw error;
      }
      // What was remembered has expired or was discarded: the file starts anew.
      this.uploadId = null;
    }
    const { file, metadata, target } = this.job;
    const body = { filename: file.name, type: file.type || "application/octet-stream", metadata, size: file.size };
    const made = (await this.persist(signal, () => this.ask("POST", target.folderId ? `?folder=${target.folderId}` : "", body, signal))) as Made;
    this.uploadId = made.uploadId;
    this.events.onUrl(`/api/v1/tus/${made.uploadId}`);
    return made.partSize;
  }

  private async listed(signal: AbortSignal): Promise<Listed[]> {
    return (await this.persist(signal, () => this.ask("GET", `/${this.uploadId}`, undefined, signal))) as Listed[];
  }

  private sizeOf(number: number, size: number): number {
    return Math.min(size, this.job.file.size - (number - 1) * size);
  }

  private async send(number: number, size: number, signal: AbortSignal): Promise<string> {
    const blob = this.job.file.slice((number - 1) * size, number * size);
    return this.persist(signal, async () => {
      const signed = (await this.ask("GET", `/${this.uploadId}/${number}?size=${blob.size}`, undefined, signal)) as { url: string };
      try {
        const etag = await this.put(signed.url, blob, number, signal);
        this.hasReachedStore = true;
        return etag;
      } catch (error) {
        this.loaded.delete(number);
        if (error instanceof Refused && error.status === 0 && !this.hasReachedStore) {
          this.failuresBeforeReach += 1;
          if (this.failuresBeforeReach >= UNREACHABLE_AFTER) throw new Unreachable();
        }
        throw error;
      }
    });
  }

  private put(url: string, blob: Blob, number: number, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const stop = () => request.abort();
      signal.addEventListener("abort", stop, { once: true });
      request.upload.onprogress = (event) => {
        this.loaded.set(number, event.loaded);
        this.report();
      };
      request.onabort = () => reject(new Stopped());
      request.onerror = () => reject(new Refused(0, reasonOf(null)));
      request.onload = () => {
        // 403: the URL ran out while it waited; another try signs anew.
        if (request.status === 200) resolve(request.getResponseHeader("ETag") ?? "");
        else reject(new Refused(request.status === 403 ? 503 : request.status, reasonOf(null)));
      };
      request.onloadend = () => signal.removeEventListener("abort", stop);
      request.open("PUT", url);
      request.send(blob);
    });
  }

  /** Again and again while it may help. */
  private async persist<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const delay = RETRY_DELAYS[attempt];
        if (signal.aborted || !(error instanceof Refused) || !isRetryable(error.status) || delay === undefined) throw error;
        await new Promise((resolve) => setTimeout(resolve, delay));
        if (signal.aborted) throw new Stopped();
      }
    }
  }

  private async ask(method: string, path: string, body?: object, signal?: AbortSignal): Promise<unknown> {
    const token = await this.job.token();
    const answer = await fetch(path.startsWith("/api/") ? path : this.base + path, {
      method,
      headers: { Authorization: `Bearer ${token ?? ""}`, ...(body ? { "Content-Type": "application/json" } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
      ...(signal ? { signal } : {}),
    }).catch((error: unknown) => {
      throw signal?.aborted ? error : new Refused(0, reasonOf(null));
    });
    const text = await answer.text();
    if (!answer.ok) throw new Refused(answer.status, reasonOf(text));
    return text ? JSON.parse(text) : null;
  }

  private report(): void {
    let sum = 0;
    for (const bytes of this.loaded.values()) sum += bytes;
    this.events.onProgress(Math.min(sum, this.job.file.size));
  }
}

class Unreachable extends Error {}
