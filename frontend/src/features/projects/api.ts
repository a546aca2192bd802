import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, bodyOf, type Schemas } from "@/lib/api/client";

export type Project = Schemas["ProjectView"];

const PAGE = 200;

export function useProjects() {
  return useQuery({
    queryKey: ["projects"],
    queryFn: () => bodyOf(api.GET("/api/v1/projects", { params: { query: { limit: PAGE } } })),
  });
}

export function useCreateProject() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => bodyOf(api.POST("/api/v1/projects", { body: { name } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["projects"] }),
  });
}
