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

async function walk(folder: FileSystemDirectoryEntry, above: string, found: Picked[], onFound: (count: number) => void): Promise<void> {
  const path = `${above}${folder.name}/`;
  const children = await entriesOf(folder);
  const files = await Promise.all(children.filter((child) => child.isFile).map((child) => fileOf(child as FileSystemFileEntry)));
  for (const file of files.slice(0, MAX_FILES - found.length)) found.push({ file, path: path + file.name, handle: null });
  onFound(found.length);
  for (const child of children) if (child.isDirectory && found.length < MAX_FILES) await walk(child as FileSystemDirectoryEntry, path, found, onFound);
}

/** Everything that was dropped, folders with their structure; `onFound` hears how many files were found so far. */
export async function dropped(transfer: DataTransfer, onFound: (count: number) => void): Promise<Picked[]> {
  // All of it has to be asked for before the first await: afterwards the event's data is gone.
  const asked = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item: Droppable) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile(), handle: item.getAsFileSystemHandle?.().catch(() => null) }));
  const found: Picked[] = [];
  for (const { entry, file, handle } of asked) {
    if (entry?.isDirectory) await walk(entry as FileSystemDirectoryEntry, "", found, onFound);
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
