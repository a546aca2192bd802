import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, bodyOf, type Schemas } from "@/lib/api/client";

export type Entry = Schemas["EntryView"];
export type FileInfo = Schemas["FileView"];

const PAGE = 200;
const WATCH_MS = 2_500;

function isInProgress(state: string | undefined): boolean {
  return state === "waiting" || state === "processing";
}

export function useEntries(projectId: string, folder: string | null, q: string) {
  return useInfiniteQuery({
    queryKey: ["entries", projectId, folder, q],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      bodyOf(
        api.GET("/api/v1/projects/{project_id}/entries", {
          params: { path: { project_id: projectId }, query: { limit: PAGE, q, ...(folder ? { folder } : {}), ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? null,
    // While something is being processed, thumbnails and states change by themselves.
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.items.some((item) => isInProgress(item.preview?.state))) ? WATCH_MS : false),
  });
}

export function useRecent(limit: number) {
  return useQuery({ queryKey: ["recent", limit], queryFn: () => bodyOf(api.GET("/api/v1/files", { params: { query: { limit } } })), refetchInterval: 10_000 });
}

export function useFile(id: string) {
  return useQuery({
    queryKey: ["file", id],
    queryFn: () => bodyOf(api.GET("/api/v1/files/{file_id}", { params: { path: { file_id: id } } })),
    refetchInterval: (query) => (isInProgress(query.state.data?.preview.state) ? WATCH_MS : false),
  });
}

export function useTrashFile() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.DELETE("/api/v1/files/{file_id}", { params: { path: { file_id: id } } }),
    onSettled: () => client.invalidateQueries({ queryKey: ["entries"] }),
  });
}

export function useRestoreFile() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.POST("/api/v1/files/{file_id}/restore", { params: { path: { file_id: id } } }),
    onSettled: () => client.invalidateQueries({ queryKey: ["entries"] }),
  });
}

export function useCreateFolder(projectId: string, parent: string | null) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (path: string) => bodyOf(api.POST("/api/v1/folders", { body: { project_id: projectId, path, parent_id: parent } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["entries", projectId] }),
  });
}

/** Go to a short-lived URL of the bytes, which the browser saves under the file's name. */
export async function download(id: string): Promise<void> {
  const { url } = (await bodyOf(api.GET("/api/v1/files/{file_id}/link", { params: { path: { file_id: id } } }))) as { url: string };
  const link = document.createElement("a");
  link.href = url;
  link.rel = "noreferrer";
  link.click();
}
