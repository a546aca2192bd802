import dynamic from "next/dynamic";

/** Viewers with libraries of their own: fetched when somebody opens such a file. */
export const Parquet = dynamic(() => import("./parquet").then((found) => found.Parquet), { ssr: false });
export const MarkdownText = dynamic(() => import("./markdown").then((found) => found.MarkdownText), { ssr: false });
export const Workbook = dynamic(() => import("./workbook").then((found) => found.Workbook), { ssr: false });
