import { create } from "zustand";

import { api, bodyOf } from "@/lib/api/client";
import { freshToken } from "@/lib/api/session";
import { UploadQueue } from "./engine/queue";
import type { OnConflict, Summary } from "./engine/types";

/** A batch waits for an answer: some of its names are taken. */
type Question = { taken: number; total: number; answer: (choice: OnConflict | null) => void };

type UploadsState = {
  summary: Summary;
  question: Question | null;
  /** Files found so far in a folder that was dropped and is still being read. */
  reading: number | null;
  /** What the server told of itself and of this person. */
  chunkBytes: number;
  directBytes: number | null;
  /** Bytes per second over all uploads; null: no limit. */
  limit: number | null;
  setRules: (chunkBytes: number, directBytes: number | null) => void;
  setLimit: (limit: number | null) => void;
};

const DEFAULT_CHUNK = 100_000_000;
const LIMIT_KEY = "stowage-upload-limit";
const NOTHING: Summary = { total: 0, done: 0, failed: 0, paused: 0, busy: 0, skipped: 0, bytes: 0, sentBytes: 0, speed: 0, isOffline: false, version: 0 };

export const useUploads = create<UploadsState>()((set) => ({
  summary: NOTHING,
  question: null,
  reading: null,
  chunkBytes: DEFAULT_CHUNK,
  directBytes: null,
  limit: null,
  setRules: (chunkBytes, directBytes) => set({ chunkBytes, directBytes }),
  setLimit: (limit) => {
    queue.pace.limit = limit;
    localStorage.setItem(LIMIT_KEY, String(limit ?? ""));
    set({ limit });
  },
}));

export const queue = new UploadQueue({
  token: freshToken,
  chunkBytes: () => useUploads.getState().chunkBytes,
  directBytes: () => useUploads.getState().directBytes,
  taken: async ({ projectId, folderId }, paths) => {
    const path = { project_id: projectId };
    const found = await bodyOf(api.POST("/api/v1/projects/{project_id}/entries/taken", { params: { path }, body: { folder: folderId, paths } }));
    return found.taken;
  },
  onConflict: (taken, total) =>
    new Promise((resolve) => {
      const answer = (choice: OnConflict | null) => {
        useUploads.setState({ question: null });
        resolve(choice);
      };
      useUploads.setState({ question: { taken, total, answer } });
    }),
  onChange: (summary) => useUploads.setState({ summary }),
});

if (typeof window !== "undefined") {
  window.addEventListener("beforeunload", (event) => {
    if (queue.isBusy()) event.preventDefault();
  });
  window.addEventListener("online", () => queue.setOnline(true));
  window.addEventListener("offline", () => queue.setOnline(false));
  const limit = Number(localStorage.getItem(LIMIT_KEY));
  if (limit > 0) useUploads.getState().setLimit(limit);
}
