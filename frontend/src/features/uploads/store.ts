import { create } from "zustand";

import { freshToken } from "@/lib/api/session";
import { type Item, UploadQueue } from "./engine/queue";

type UploadsState = {
  items: Item[];
  /** Counts finished uploads, so that lists know when to look again. */
  finished: number;
  chunkBytes: number;
  setChunkBytes: (bytes: number) => void;
};

const DEFAULT_CHUNK = 100_000_000;

export const useUploads = create<UploadsState>()((set) => ({
  items: [],
  finished: 0,
  chunkBytes: DEFAULT_CHUNK,
  setChunkBytes: (chunkBytes) => set({ chunkBytes }),
}));

export const queue = new UploadQueue({
  token: freshToken,
  chunkBytes: () => useUploads.getState().chunkBytes,
  onChange: (items) => useUploads.setState({ items }),
  onDone: () => useUploads.setState((state) => ({ finished: state.finished + 1 })),
});

if (typeof window !== "undefined") {
  window.addEventListener("beforeunload", (event) => {
    if (queue.isBusy()) event.preventDefault();
  });
}
