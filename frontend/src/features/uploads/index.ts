export { DropZone, UploadButton } from "./drop-zone";
export { queue, useUploads } from "./store";
export { UnfinishedUploads } from "./unfinished";
export { UploadTray } from "./upload-tray";
