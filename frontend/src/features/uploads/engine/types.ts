import { t } from "@/lib/text";

/** Framework-free: what a queue of uploads is made of. It knows files and URLs, nothing of React. */

export type UploadState = "waiting" | "uploading" | "paused" | "done" | "failed";

export type Item = {
  readonly id: string;
  readonly name: string;
  /** Folder below the target, "" for none. */
  readonly folder: string;
  readonly size: number;
  readonly projectId: string;
  sent: number;
  /** Bytes per second, smoothed. */
  speed: number;
  state: UploadState;
  error: string | null;
};

export type Target = { projectId: string; folderId: string | null };

/** A file somebody dropped or chose; `path` is its place below the target, its own name included. */
export type Picked = { file: File; path: string; handle: FileSystemFileHandle | null };

export type OnConflict = "version" | "rename" | "skip";

export type Summary = {
  total: number;
  done: number;
  failed: number;
  paused: number;
  busy: number;
  skipped: number;
  bytes: number;
  sentBytes: number;
  speed: number;
  isOffline: boolean;
  /** Counts every change, so that whoever shows items knows when to look again. */
  version: number;
};

export type Environment = {
  /** A token that is good for a while, or null when signed out. */
  token: () => Promise<string | null>;
  chunkBytes: () => number;
  /** Size above which parts go straight to the store; null: never. */
  directBytes: () => number | null;
  /** Which of these paths are files already. */
  taken: (target: Target, paths: string[]) => Promise<string[]>;
  /** Asked once for a batch; null gives the batch up. */
  onConflict: (taken: number, total: number) => Promise<OnConflict | null>;
  onChange: (summary: Summary) => void;
};

/** One file on its way, by one protocol. */
export type Transfer = {
  start: () => void;
  /** Stop sending; what arrived stays, `start` goes on from there. */
  stop: () => void;
  /** Stop for good and tell the server to forget it. */
  discard: () => Promise<void>;
};

export type Events = {
  onProgress: (sent: number) => void;
  /** The server knows it now, under this path. */
  onUrl: (url: string) => void;
  onDone: () => void;
  onFailed: (reason: string) => void;
};

export const RETRY_DELAYS = [0, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 30_000, 60_000];

/** What an RFC 9457 body says to people. */
export function reasonOf(body: string | null | undefined): string {
  try {
    const problem: unknown = JSON.parse(body ?? "");
    if (typeof problem === "object" && problem !== null && "detail" in problem) return String(problem.detail);
  } catch {
    // Not a problem document: the connection broke before an answer.
  }
  return t`The connection broke. Resume to go on where it stopped.`;
}

/** Whether the same request may succeed later. 401: the next one takes a fresh token. 409: HEAD tells the true offset. 507: space may be made. */
export function isRetryable(status: number): boolean {
  return status === 0 || status === 401 || status === 409 || status === 423 || status === 429 || status >= 500;
}
