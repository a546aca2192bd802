import type { Target } from "./types";

/** What this browser remembers of unfinished uploads, so that a reload goes on where it was. */
export type Remembered = {
  /** Project, folder, path, size and time of change: the same file again. */
  fingerprint: string;
  url: string;
  isDirect: boolean;
  /** Where the browser lets a page keep it: the file itself, without its being chosen again. */
  handle: FileSystemFileHandle | null;
  at: number;
};

const NAME = "stowage-uploads";
const STORE = "unfinished";
const KEPT_MS = 14 * 86_400_000;

let opened: Promise<IDBDatabase> | null = null;

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB failed"));
  });
}

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "fingerprint" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB can't be opened"));
  });
  return opened;
}

/** A browser that keeps nothing (private windows) must not keep anybody from uploading. */
async function quietly<T>(work: (store: IDBObjectStore) => Promise<T>, mode: IDBTransactionMode, otherwise: T): Promise<T> {
  try {
    return await work((await open()).transaction(STORE, mode).objectStore(STORE));
  } catch {
    return otherwise;
  }
}

export function fingerprint(file: File, path: string, target: Target): string {
  return [target.projectId, target.folderId ?? "", path, file.size, file.lastModified].join("|");
}

export const recall = (key: string): Promise<Remembered | undefined> =>
  quietly((store) => settled(store.get(key) as IDBRequest<Remembered | undefined>), "readonly", undefined);

export const remember = (record: Remembered): Promise<unknown> => quietly((store) => settled(store.put(record)), "readwrite", undefined);

export const forget = (key: string): Promise<unknown> => quietly((store) => settled(store.delete(key)), "readwrite", undefined);

/** All of them; what is older than the server keeps anything is dropped. */
export async function rememberedAll(): Promise<Remembered[]> {
  const all = await quietly((store) => settled(store.getAll() as IDBRequest<Remembered[]>), "readonly", []);
  const fresh = all.filter((record) => Date.now() - record.at < KEPT_MS);
  for (const record of all) if (!fresh.includes(record)) void forget(record.fingerprint);
  return fresh;
}
