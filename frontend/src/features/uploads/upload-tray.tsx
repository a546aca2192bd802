"use client";

import dynamic from "next/dynamic";

import { useUploads } from "./store";

const TrayPanel = dynamic(() => import("./tray-panel").then((found) => found.TrayPanel), { ssr: false });

/** What is being sent, on every page; loaded with the first upload. */
export function UploadTray() {
  const isNeeded = useUploads((state) => state.reading !== null || state.question !== null || state.summary.total + state.summary.skipped > 0);
  return isNeeded ? <TrayPanel /> : null;
}
