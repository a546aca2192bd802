import { useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { api, bodyOf, type Schemas } from "@/lib/api/client";
import { useChange } from "@/lib/use-change";
import { rememberedAll } from "./engine/memory";

export type UnfinishedUpload = Schemas["UploadView"];
export type OpenUpload = Schemas["OpenUpload"];

const YOUNG_MS = 30_000;

/** A small file is created and filled by one request: seen between the two, it waits for nobody. */
function isWaiting(upload: UnfinishedUpload): boolean {
  return upload.offset_bytes > 0 || upload.protocol === "s3" || Date.now() - new Date(upload.created_at).getTime() > YOUNG_MS;
}

export function useUnfinished() {
  return useQuery({
    queryKey: ["uploads"],
    queryFn: async () => (await bodyOf(api.GET("/api/v1/uploads"))).items.filter(isWaiting),
    refetchInterval: 10_000,
  });
}

/** What this browser remembers of uploads, by their URL. */
export function useRemembered() {
  return useQuery({
    queryKey: ["uploads", "remembered"],
    queryFn: async () => new Map((await rememberedAll()).map((record) => [record.url, record])),
  });
}

export const useDiscard = () => useChange("uploads", (id: string) => api.DELETE("/api/v1/uploads/{upload_id}", { params: { path: { upload_id: id } } }));

/** Everybody's unfinished uploads, for administrators. */
export function useOpenUploads() {
  return useInfiniteQuery({
    queryKey: ["open-uploads"],
    queryFn: ({ pageParam }) => bodyOf(api.GET("/api/v1/system/uploads", { params: { query: { limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: 3_000,
  });
}

export const useAbort = () => useChange("open-uploads", (id: string) => api.DELETE("/api/v1/system/uploads/{upload_id}", { params: { path: { upload_id: id } } }));
