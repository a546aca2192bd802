import dynamic from "next/dynamic";

/** What is only there once somebody asks for it is only loaded then. */
export const Details = dynamic(() => import("./details").then((found) => found.Details), { ssr: false });
export const FolderPicker = dynamic(() => import("./folder-picker").then((found) => found.FolderPicker), { ssr: false });
export const TagDialog = dynamic(() => import("./tag-dialog").then((found) => found.TagDialog), { ssr: false });
export const Menu = dynamic(() => import("@/ui/menu").then((found) => found.Menu), { ssr: false });
export const FileGrid = dynamic(() => import("./file-grid").then((found) => found.FileGrid), { ssr: false });
export const SelectionBar = dynamic(() => import("./selection-bar").then((found) => found.SelectionBar), { ssr: false });
export const RenameField = dynamic(() => import("./rename-field").then((found) => found.RenameField), { ssr: false });
/** It is typed into at once, so it is there before it is asked for. */
export const loadRenameField = () => void import("./rename-field");
export const Tree = dynamic(() => import("./tree").then((found) => found.Tree), { ssr: false });
