import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, bodyOf, type Schemas } from "@/lib/api/client";

type Bulk = Partial<Schemas["Bulk"]> & Pick<Schemas["Bulk"], "verb">;

/** What a change of files may show elsewhere. */
const CONCERNED = ["entries", "recent", "tree", "search", "trash", "file", "versions", "tags", "activity", "me"];

function useFilesChange<Input, Output>(mutationFn: (input: Input) => Promise<Output>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSettled: () => {
      for (const key of CONCERNED) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}

export function useBulk(projectId: string) {
  return useFilesChange((wanted: Bulk) => bodyOf(api.POST("/api/v1/projects/{project_id}/entries/bulk", { params: { path: { project_id: projectId } }, body: wanted as Schemas["Bulk"] })));
}

export function useRename() {
  return useFilesChange(async ({ kind, id, name }: { kind: "file" | "folder"; id: string; name: string }) => {
    if (kind === "file") await api.PATCH("/api/v1/files/{file_id}", { params: { path: { file_id: id } }, body: { name, on_conflict: "fail" } });
    else await api.PATCH("/api/v1/folders/{folder_id}", { params: { path: { folder_id: id } }, body: { name, on_conflict: "fail" } });
  });
}

export function useCreateFolder(projectId: string, parent: string | null) {
  return useFilesChange((path: string) => bodyOf(api.POST("/api/v1/folders", { body: { project_id: projectId, path, parent_id: parent } })));
}

export function useSetTags(fileId: string) {
  return useFilesChange((tags: string[]) => api.PUT("/api/v1/files/{file_id}/tags", { params: { path: { file_id: fileId } }, body: { tags } }));
}

export function useFavourite() {
  return useFilesChange(({ id, isOn }: { id: string; isOn: boolean }) => {
    const params = { params: { path: { file_id: id } } };
    return isOn ? api.PUT("/api/v1/files/{file_id}/favourite", params) : api.DELETE("/api/v1/files/{file_id}/favourite", params);
  });
}

export function useVersionChange(fileId: string) {
  return useFilesChange(({ no, verb }: { no: number; verb: "restore" | "delete" }) => {
    const params = { params: { path: { file_id: fileId, no } } };
    return verb === "restore" ? api.POST("/api/v1/files/{file_id}/versions/{no}/restore", params) : api.DELETE("/api/v1/files/{file_id}/versions/{no}", params);
  });
}

export function useEmptyTrash(projectId: string) {
  return useFilesChange(() => api.DELETE("/api/v1/projects/{project_id}/trash", { params: { path: { project_id: projectId } } }));
}

function follow(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.rel = "noreferrer";
  link.click();
}

/** Go to a short-lived URL of the bytes, which the browser saves under the file's name. */
export async function download(id: string): Promise<void> {
  const { url } = (await bodyOf(api.GET("/api/v1/files/{file_id}/link", { params: { path: { file_id: id } } }))) as { url: string };
  follow(url);
}

/** Several things come as one ZIP, a single file as it is. */
export async function downloadAll(projectId: string, files: string[], folders: string[]): Promise<void> {
  const [single] = files;
  if (single && files.length === 1 && folders.length === 0) return download(single);
  const { url } = await bodyOf(api.POST("/api/v1/projects/{project_id}/zip", { params: { path: { project_id: projectId } }, body: { files, folders } }));
  follow(url);
}
