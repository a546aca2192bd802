import { useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { api, bodyOf, type Schemas } from "@/lib/api/client";

export type Entry = Schemas["EntryView"];
export type FileInfo = Schemas["FileView"];
export type SortKey = "name" | "size" | "changed" | "type";
export type Sorting = { sort: SortKey; desc: boolean };

const PAGE = 200;
const WATCH_MS = 10_000;
export const BY_NAME: Sorting = { sort: "name", desc: false };

function isInProgress(state: string | undefined): boolean {
  return state === "waiting" || state === "processing";
}

export function useEntries(projectId: string, folder: string | null, q: string, sorting: Sorting = BY_NAME) {
  return useInfiniteQuery({
    queryKey: ["entries", projectId, folder, q, sorting],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      bodyOf(
        api.GET("/api/v1/projects/{project_id}/entries", {
          params: { path: { project_id: projectId }, query: { limit: PAGE, q, ...sorting, ...(folder ? { folder } : {}), ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? null,
    // Hints say when something changed; this is for when they don't come.
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.items.some((item) => isInProgress(item.preview?.state))) ? WATCH_MS : false),
  });
}

export function useRecent(limit: number, favourite = false) {
  return useQuery({ queryKey: ["recent", limit, favourite], queryFn: () => bodyOf(api.GET("/api/v1/files", { params: { query: { limit, favourite } } })), refetchInterval: 30_000 });
}

export function useFile(id: string) {
  return useQuery({
    queryKey: ["file", id],
    queryFn: () => bodyOf(api.GET("/api/v1/files/{file_id}", { params: { path: { file_id: id } } })),
    refetchInterval: (query) => (isInProgress(query.state.data?.preview.state) ? WATCH_MS : false),
  });
}

export function useTree(projectId: string, folder: string | null, isOpen: boolean) {
  return useQuery({
    queryKey: ["tree", projectId, folder],
    enabled: isOpen,
    queryFn: () => bodyOf(api.GET("/api/v1/projects/{project_id}/tree", { params: { path: { project_id: projectId }, query: { limit: 500, ...(folder ? { folder } : {}) } } })),
  });
}

export function useVersions(fileId: string) {
  return useQuery({ queryKey: ["versions", fileId], queryFn: () => bodyOf(api.GET("/api/v1/files/{file_id}/versions", { params: { path: { file_id: fileId } } })) });
}

export function useFileActivity(fileId: string) {
  return useQuery({ queryKey: ["activity", fileId], queryFn: () => bodyOf(api.GET("/api/v1/files/{file_id}/activity", { params: { path: { file_id: fileId }, query: { limit: 50 } } })) });
}

export function useTrash(projectId: string) {
  return useInfiniteQuery({
    queryKey: ["trash", projectId],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => bodyOf(api.GET("/api/v1/projects/{project_id}/trash", { params: { path: { project_id: projectId }, query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    getNextPageParam: (page) => page.next_cursor ?? null,
  });
}

export function useTags(projectId: string | null) {
  return useQuery({
    queryKey: ["tags", projectId],
    enabled: projectId !== null,
    queryFn: () => bodyOf(api.GET("/api/v1/projects/{project_id}/tags", { params: { path: { project_id: projectId ?? "" } } })),
  });
}

export type SearchQuery = {
  q?: string;
  kind?: string;
  tag?: string;
  uploader?: string;
  min_bytes?: number;
  max_bytes?: number;
  since?: string;
  until?: string;
  favourite?: boolean;
  sort?: "newest" | SortKey;
  desc?: boolean;
};

export function useSearch(projectId: string | null, wanted: SearchQuery) {
  return useInfiniteQuery({
    queryKey: ["search", projectId, wanted],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => {
      const query = { ...wanted, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) };
      return projectId
        ? bodyOf(api.GET("/api/v1/projects/{project_id}/search", { params: { path: { project_id: projectId }, query } }))
        : bodyOf(api.GET("/api/v1/search", { params: { query } }));
    },
    getNextPageParam: (page) => page.next_cursor ?? null,
  });
}
