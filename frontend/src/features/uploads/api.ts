import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, bodyOf, type Schemas } from "@/lib/api/client";

export type UnfinishedUpload = Schemas["UploadView"];

export function useUnfinished() {
  return useQuery({ queryKey: ["uploads"], queryFn: () => bodyOf(api.GET("/api/v1/uploads")), refetchInterval: 10_000 });
}

export function useDiscard() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.DELETE("/api/v1/uploads/{upload_id}", { params: { path: { upload_id: id } } }),
    onSettled: () => client.invalidateQueries({ queryKey: ["uploads"] }),
  });
}
