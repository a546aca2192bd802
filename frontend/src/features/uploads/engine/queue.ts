import { type DetailedError, type HttpRequest, Upload } from "tus-js-client";

/** Framework-free: a queue of resumable uploads. It knows files and URLs, nothing of React. */

export type UploadState = "waiting" | "uploading" | "paused" | "done" | "failed";

export type Item = {
  id: string;
  name: string;
  size: number;
  sent: number;
  /** Bytes per second, smoothed. */
  speed: number;
  state: UploadState;
  error: string | null;
  projectId: string;
};

export type Target = { projectId: string; folderId: string | null };

export type Environment = {
  /** A token that is good for a while, or null when signed out. */
  token: () => Promise<string | null>;
  chunkBytes: () => number;
  onChange: (items: Item[]) => void;
  onDone: (item: Item) => void;
};

const IN_FLIGHT = 3;
const RETRY_DELAYS = [0, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 30_000, 60_000];
const SMOOTHING = 0.3;
const NOTIFY_EVERY_MS = 200;
const LOCKED = 423;

type Entry = { item: Item; file: File; target: Target; url: string | null; upload: Upload | null; lastAt: number; lastSent: number };

function isRetryable(error: DetailedError): boolean {
  const status = error.originalResponse?.getStatus() ?? 0;
  // 401: the next request takes a fresh token. 409: the next HEAD tells the true offset. 507: space may be made.
  return status === 0 || status === 401 || status === 409 || status === LOCKED || status === 429 || status >= 500;
}

function reasonOf(error: Error): string {
  const body = (error as Partial<DetailedError>).originalResponse?.getBody();
  try {
    const problem: unknown = JSON.parse(body ?? "");
    if (typeof problem === "object" && problem !== null && "detail" in problem) return String(problem.detail);
  } catch {
    // Not a problem document: the connection broke before an answer.
  }
  return "The connection broke. Resume to go on where it stopped.";
}

export class UploadQueue {
  private entries: Entry[] = [];
  private notifiedAt = 0;
  private count = 0;

  constructor(private readonly environment: Environment) {}

  /** Add files; `url` resumes an upload that exists already. */
  add(files: File[], target: Target, url: string | null = null): void {
    for (const file of files) {
      this.count += 1;
      const item: Item = { id: `u${this.count}`, name: file.name, size: file.size, sent: 0, speed: 0, state: "waiting", error: null, projectId: target.projectId };
      this.entries.push({ item, file, target, url, upload: null, lastAt: 0, lastSent: 0 });
    }
    this.notify(true);
    this.startNext();
  }

  pause(id: string): void {
    this.withEntry(id, (entry) => {
      if (entry.item.state !== "uploading" && entry.item.state !== "waiting") return;
      entry.item.state = "paused";
      entry.item.speed = 0;
      void entry.upload?.abort();
    });
  }

  /** Go on after a pause or a failure, from the offset the server knows. */
  resume(id: string): void {
    this.withEntry(id, (entry) => {
      if (entry.item.state !== "paused" && entry.item.state !== "failed") return;
      entry.item.state = "waiting";
      entry.item.error = null;
    });
  }

  /** Stop for good and tell the server to forget it. */
  cancel(id: string): void {
    const entry = this.entries.find((candidate) => candidate.item.id === id);
    if (!entry) return;
    this.entries = this.entries.filter((candidate) => candidate !== entry);
    if (entry.item.state !== "done") void entry.upload?.abort(true).catch(() => undefined);
    this.notify(true);
    this.startNext();
  }

  clearFinished(): void {
    this.entries = this.entries.filter(({ item }) => item.state !== "done");
    this.notify(true);
  }

  isBusy(): boolean {
    return this.entries.some(({ item }) => item.state === "uploading" || item.state === "waiting");
  }

  private withEntry(id: string, change: (entry: Entry) => void): void {
    const entry = this.entries.find((candidate) => candidate.item.id === id);
    if (entry) change(entry);
    this.notify(true);
    this.startNext();
  }

  private startNext(): void {
    let running = this.entries.filter(({ item }) => item.state === "uploading").length;
    for (const entry of this.entries) {
      if (running >= IN_FLIGHT) return;
      if (entry.item.state === "waiting") {
        running += 1;
        entry.item.state = "uploading";
        void this.start(entry);
      }
    }
  }

  private async start(entry: Entry): Promise<void> {
    entry.lastAt = performance.now();
    entry.lastSent = entry.item.sent;
    if (entry.upload === null) {
      entry.upload = this.makeUpload(entry);
      if (entry.url === null) {
        // The page may have been reloaded: the same file goes on where it was.
        const [previous] = await entry.upload.findPreviousUploads();
        if (previous) entry.upload.resumeFromPreviousUpload(previous);
      }
    }
    if (entry.item.state === "uploading") entry.upload.start();
  }

  private makeUpload(entry: Entry): Upload {
    const { file, target, item } = entry;
    const folder = target.folderId ? `?folder=${target.folderId}` : "";
    return new Upload(file, {
      endpoint: `/api/v1/projects/${target.projectId}/tus${folder}`,
      ...(entry.url ? { uploadUrl: entry.url } : {}),
      chunkSize: this.environment.chunkBytes(),
      retryDelays: RETRY_DELAYS,
      removeFingerprintOnSuccess: true,
      metadata: { filename: file.name, filetype: file.type || "application/octet-stream" },
      onBeforeRequest: async (request: HttpRequest) => {
        const token = await this.environment.token();
        if (token) request.setHeader("Authorization", `Bearer ${token}`);
      },
      onShouldRetry: (error) => isRetryable(error as DetailedError),
      onProgress: (sent) => this.progress(entry, sent),
      onSuccess: () => {
        Object.assign(item, { state: "done", sent: item.size, speed: 0 });
        this.environment.onDone(item);
        this.notify(true);
        this.startNext();
      },
      onError: (error) => {
        if (item.state !== "uploading") return;
        Object.assign(item, { state: "failed", speed: 0, error: reasonOf(error) });
        this.notify(true);
        this.startNext();
      },
    });
  }

  private progress(entry: Entry, sent: number): void {
    const now = performance.now();
    const seconds = (now - entry.lastAt) / 1000;
    entry.item.sent = sent;
    if (seconds >= 0.5) {
      const speed = Math.max(0, sent - entry.lastSent) / seconds;
      entry.item.speed = entry.item.speed ? entry.item.speed * (1 - SMOOTHING) + speed * SMOOTHING : speed;
      entry.lastAt = now;
      entry.lastSent = sent;
    }
    this.notify(false);
  }

  private notify(isUrgent: boolean): void {
    const now = performance.now();
    if (!isUrgent && now - this.notifiedAt < NOTIFY_EVERY_MS) return;
    this.notifiedAt = now;
    this.environment.onChange(this.entries.map(({ item }) => ({ ...item })));
  }
}
