import { useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { api, bodyOf, type Schemas } from "@/lib/api/client";
import { useChange } from "@/lib/use-change";

export type Project = Schemas["ProjectView"];
export type Member = Schemas["MemberView"];
export type ProjectOverview = Schemas["ProjectOverview"];
export type ProjectRole = Schemas["MemberAdd"]["role"];

const PAGE = 200;

export function useProjects() {
  return useQuery({
    queryKey: ["projects"],
    queryFn: () => bodyOf(api.GET("/api/v1/projects", { params: { query: { limit: PAGE } } })),
  });
}

export function useDeletedProjects() {
  return useQuery({
    queryKey: ["projects", "deleted"],
    queryFn: () => bodyOf(api.GET("/api/v1/projects", { params: { query: { limit: PAGE, deleted: true } } })),
  });
}

export function useProject(id: string) {
  return useQuery({ queryKey: ["projects", id], queryFn: () => bodyOf(api.GET("/api/v1/projects/{project_id}", { params: { path: { project_id: id } } })) });
}

export function useProjectActivity(id: string) {
  return useInfiniteQuery({
    queryKey: ["activity", "project", id],
    queryFn: ({ pageParam }) => bodyOf(api.GET("/api/v1/projects/{project_id}/activity", { params: { path: { project_id: id }, query: { limit: 20, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

const at = (id: string) => ({ params: { path: { project_id: id } } });
const memberAt = (id: string, user: string) => ({ params: { path: { project_id: id, user_id: user } } });

export const useCreateProject = () => useChange("projects", (name: string) => bodyOf(api.POST("/api/v1/projects", { body: { name } })));

export const useChangeProject = (id: string) => useChange("projects", (body: Schemas["ProjectChange"]) => bodyOf(api.PATCH("/api/v1/projects/{project_id}", { ...at(id), body })));

export const useDeleteProject = () => useChange("projects", (id: string) => api.DELETE("/api/v1/projects/{project_id}", at(id)));

export const useRestoreProject = () => useChange("projects", (id: string) => bodyOf(api.POST("/api/v1/projects/{project_id}/restore", at(id))));

export function useMembers(id: string) {
  return useInfiniteQuery({
    queryKey: ["projects", id, "members"],
    queryFn: ({ pageParam }) =>
      bodyOf(api.GET("/api/v1/projects/{project_id}/members", { params: { path: { project_id: id }, query: { limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export const useAddMember = (id: string) => useChange("projects", (body: Schemas["MemberAdd"]) => bodyOf(api.POST("/api/v1/projects/{project_id}/members", { ...at(id), body })));

export const useChangeMember = (id: string) =>
  useChange("projects", ({ user, role }: { user: string; role: ProjectRole }) => bodyOf(api.PATCH("/api/v1/projects/{project_id}/members/{user_id}", { ...memberAt(id, user), body: { role } })));

export const useRemoveMember = (id: string) => useChange("projects", (user: string) => api.DELETE("/api/v1/projects/{project_id}/members/{user_id}", memberAt(id, user)));

export function useAllProjects(search: string) {
  return useInfiniteQuery({
    queryKey: ["projects", "all", search],
    queryFn: ({ pageParam }) => bodyOf(api.GET("/api/v1/system/projects", { params: { query: { q: search, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export const useSetProjectQuota = () =>
  useChange("projects", ({ id, quota_bytes }: { id: string; quota_bytes: number }) => api.PATCH("/api/v1/system/projects/{project_id}", { ...at(id), body: { quota_bytes } }));
