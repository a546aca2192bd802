export { DropZone, UploadButton } from "./drop-zone";
export { OpenUploads } from "./open-uploads";
export { queue, useUploads } from "./store";
export { UnfinishedUploads } from "./lazy";
export { UploadTray } from "./upload-tray";
