import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, bodyOf, type Schemas } from "@/lib/api/client";

// Hints tell of what happens; this is for those that get lost.
const WATCH_MS = 5_000;
const ACTIVE_STATES = ["queued", "running"];

export function usePlaybackState(fileId: string) {
  return useQuery({
    queryKey: ["playback", fileId],
    queryFn: () => bodyOf(api.GET("/api/v1/files/{file_id}/playback", { params: { path: { file_id: fileId } } })),
    refetchInterval: (query) => (["running", "processing", "waiting"].includes(query.state.data?.state ?? "processing") ? WATCH_MS : false),
  });
}

export type Playback = Schemas["Playback"];
export type FileFacts = Schemas["FileFacts"];

/** Fresh addresses of a film; they are good for some hours. */
export function openPlayback(fileId: string): Promise<Playback> {
  return bodyOf(api.POST("/api/v1/files/{file_id}/playback", { params: { path: { file_id: fileId } } }));
}

/** Make again what failed. */
export function useDerive(fileId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => bodyOf(api.POST("/api/v1/files/{file_id}/derivatives", { params: { path: { file_id: fileId } }, body: { which: "failed", is_dry_run: false } })),
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: ["playback", fileId] }), client.invalidateQueries({ queryKey: ["file", fileId] })]),
  });
}

export function useWaveform(fileId: string, isThere: boolean) {
  return useQuery({
    queryKey: ["waveform", fileId],
    enabled: isThere,
    retry: 3,
    staleTime: Infinity,
    queryFn: () => bodyOf(api.GET("/api/v1/files/{file_id}/waveform", { params: { path: { file_id: fileId } } })),
  });
}

export function useFacts(fileId: string) {
  return useQuery({
    queryKey: ["facts", fileId],
    queryFn: () => bodyOf(api.GET("/api/v1/files/{file_id}/facts", { params: { path: { file_id: fileId } } })),
  });
}

export function useActiveJobs() {
  return useQuery({
    queryKey: ["jobs"],
    queryFn: () => bodyOf(api.GET("/api/v1/jobs", { params: { query: { state: ACTIVE_STATES, limit: 100 } } })),
    refetchInterval: 3_000,
  });
}
