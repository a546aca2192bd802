import type { Picked } from "./types";

const MAX_FILES = 100_000;

type Droppable = DataTransferItem & { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> };

function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  return new Promise((resolve, reject) => {
    // A reader gives at most a hundred at a time, and an empty list at the end.
    const more = () =>
      reader.readEntries((batch) => {
        if (batch.length === 0 || found.length > MAX_FILES) resolve(found);
        else {
          found.push(...batch);
          more();
        }
      }, reject);
    more();
  });
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> => new Promise((resolve, reject) => entry.file(resolve, reject));

async function walk(entry: FileSystemEntry, above: string, found: Picked[]): Promise<void> {
  const path = above + entry.name;
  if (found.length >= MAX_FILES) return;
  if (entry.isFile) found.push({ file: await fileOf(entry as FileSystemFileEntry), path, handle: null });
  else for (const child of await entriesOf(entry as FileSystemDirectoryEntry)) await walk(child, `${path}/`, found);
}

/** Everything that was dropped, folders with their structure. */
export async function dropped(transfer: DataTransfer): Promise<Picked[]> {
  // All of it has to be asked for before the first await: afterwards the event's data is gone.
  const asked = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item: Droppable) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile(), handle: item.getAsFileSystemHandle?.().catch(() => null) }));
  const found: Picked[] = [];
  for (const { entry, file, handle } of asked) {
    if (entry?.isDirectory) await walk(entry, "", found);
    else if (file) {
      const kept = (await handle) ?? null;
      found.push({ file, path: file.name, handle: kept?.kind === "file" ? (kept as FileSystemFileHandle) : null });
    }
  }
  return found;
}

/** Files of an `<input type=file>`; of one for folders, with their structure. */
export function chosen(files: Iterable<File>): Picked[] {
  return [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name, handle: null }));
}
