import { useQuery } from "@tanstack/react-query";

import { api, bodyOf } from "@/lib/api/client";

const WATCH_MS = 2_000;
const ACTIVE_STATES = ["queued", "running"];

export function usePlaybackState(fileId: string) {
  return useQuery({
    queryKey: ["playback", fileId],
    queryFn: () => bodyOf(api.GET("/api/v1/files/{file_id}/playback", { params: { path: { file_id: fileId } } })),
    refetchInterval: (query) => (["running", "processing", "waiting"].includes(query.state.data?.state ?? "processing") ? WATCH_MS : false),
  });
}

/** A fresh address of the master playlist; it is good for some hours. */
export async function openPlayback(fileId: string): Promise<string> {
  return (await bodyOf(api.POST("/api/v1/files/{file_id}/playback", { params: { path: { file_id: fileId } } }))).master_url;
}

export function useActiveJobs() {
  return useQuery({
    queryKey: ["jobs"],
    queryFn: () => bodyOf(api.GET("/api/v1/jobs", { params: { query: { state: ACTIVE_STATES, limit: 100 } } })),
    refetchInterval: 3_000,
  });
}
