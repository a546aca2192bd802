export { type Entry, useCreateFolder, useFile } from "./api";
export { Breadcrumbs } from "./breadcrumbs";
export { Details } from "./details";
export { FileList } from "./file-list";
export { RecentFiles } from "./recent";
