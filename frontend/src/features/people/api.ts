import { useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { api, bodyOf, type Schemas } from "@/lib/api/client";
import { useChange } from "@/lib/use-change";

export type Person = Schemas["PersonView"];
export type NewLink = Schemas["NewLink"];

export function usePeople(search: string) {
  return useInfiniteQuery({
    queryKey: ["people", search],
    queryFn: ({ pageParam }) => bodyOf(api.GET("/api/v1/users", { params: { query: { q: search, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function useLinks() {
  return useQuery({ queryKey: ["people", "links"], queryFn: () => bodyOf(api.GET("/api/v1/users/links")) });
}

export const useCreatePerson = () => useChange("people", (body: Schemas["PersonCreate"]) => bodyOf(api.POST("/api/v1/users", { body })));

export const useChangePerson = () =>
  useChange("people", ({ id, change }: { id: string; change: Schemas["PersonChange"] }) =>
    bodyOf(api.PATCH("/api/v1/users/{user_id}", { params: { path: { user_id: id } }, body: change })),
  );

export const useInvite = () => useChange("people", (body: Schemas["Invitation"]) => bodyOf(api.POST("/api/v1/users/links", { body })));

export const useOfferReset = () => useChange("people", (id: string) => bodyOf(api.POST("/api/v1/users/{user_id}/reset", { params: { path: { user_id: id } } })));

export const useWithdraw = () => useChange("people", (id: string) => api.DELETE("/api/v1/users/links/{link_id}", { params: { path: { link_id: id } } }));
