import dynamic from "next/dynamic";

/** The page is there before it: mostly there are none. */
export const UnfinishedUploads = dynamic(() => import("./unfinished").then((found) => found.UnfinishedUploads), { ssr: false });
