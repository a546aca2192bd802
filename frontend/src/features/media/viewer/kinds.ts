import type { FileInfo } from "./api";

const ARCHIVE = /\.(zip|jar|cbz|apk|whl|kmz|7z|cb7|rar|cbr|tar|tgz|tbz2|txz|tzst|tar\.(gz|bz2|xz|zst))$/i;
const TABLE = /\.(csv|tsv)$/i;
const JSON_NAME = /\.(json|geojson|ipynb)$/i;

export type Kind = "film" | "picture" | "document" | "archive" | "text";

/** How a file is shown; what is none of the others is tried as text, and shown as bytes where it is none. */
export function kindOf(file: FileInfo): Kind {
  const { kind, state } = file.preview;
  if ((kind === "video" || kind === "audio") && state !== "failed") return "film";
  if (kind === "image" && state !== "failed") return "picture";
  if (file.media_type === "application/pdf" || /\.pdf$/i.test(file.name)) return "document";
  return isArchive(file.name) ? "archive" : "text";
}

export const isTable = (name: string) => TABLE.test(name);
export const isJson = (name: string) => JSON_NAME.test(name);
export const isArchive = (name: string) => ARCHIVE.test(name);
