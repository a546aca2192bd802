import type { FileInfo } from "./api";

const ARCHIVE = /\.(zip|jar|cbz|apk|whl|kmz|7z|cb7|rar|cbr|tar|tgz|tbz2|txz|tzst|tar\.(gz|bz2|xz|zst))$/i;
const TABLE = /\.(csv|tsv)$/i;
const DOCUMENT = /\.(pdf|docx?|odt|rtf|pptx?|odp)$/i;
const MARKDOWN = /\.(md|markdown)$/i;
const JSON_NAME = /\.(json|geojson|ipynb)$/i;

export type Kind = "film" | "picture" | "document" | "archive" | "parquet" | "workbook" | "text";

/** How a file is shown; what is none of the others is tried as text, and shown as bytes where it is none. */
export function kindOf(file: FileInfo): Kind {
  const { kind, state } = file.preview;
  if ((kind === "video" || kind === "audio") && state !== "failed") return "film";
  if (kind === "image" && state !== "failed") return "picture";
  if (file.media_type === "application/pdf" || DOCUMENT.test(file.name)) return "document";
  if (/\.(xlsx|xlsm|xlsb|xls|ods)$/i.test(file.name)) return "workbook";
  if (/\.parquet$/i.test(file.name)) return "parquet";
  return isArchive(file.name) ? "archive" : "text";
}

export const isTable = (name: string) => TABLE.test(name);
export const isJson = (name: string) => JSON_NAME.test(name);
export const isArchive = (name: string) => ARCHIVE.test(name);
export const isMarkdown = (name: string) => MARKDOWN.test(name);
