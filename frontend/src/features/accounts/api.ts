import { useQuery } from "@tanstack/react-query";

import { api, bodyOf, type Schemas } from "@/lib/api/client";
import { setToken } from "@/lib/api/session";

export type Me = Schemas["Me"];

export async function signIn(username: string, password: string): Promise<void> {
  const grant = await bodyOf(api.POST("/api/v1/auth/login", { body: { username, password } }));
  setToken(grant.access_token, grant.expires_in);
}

export async function signOut(): Promise<void> {
  await api.POST("/api/v1/auth/logout", { body: {} });
  setToken(null);
}

export function useMe() {
  return useQuery({ queryKey: ["me"], queryFn: () => bodyOf(api.GET("/api/v1/me")) });
}
