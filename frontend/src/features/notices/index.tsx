import dynamic from "next/dynamic";

/** The page does not wait for it. */
export const NoticeBell = dynamic(() => import("./notice-bell").then((found) => found.NoticeBell), { ssr: false, loading: () => <span className="size-8" /> });
