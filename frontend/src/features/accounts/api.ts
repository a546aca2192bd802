import { useQuery } from "@tanstack/react-query";

import { api, bodyOf, type Schemas } from "@/lib/api/client";
import { setToken } from "@/lib/api/session";
import { useChange } from "@/lib/use-change";

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

export const useChangeProfile = () => useChange("me", (body: Schemas["ProfileChange"]) => api.PATCH("/api/v1/me", { body }));

/** Signs out everywhere, here too. */
export const useChangePassword = () => useChange("me", (body: Schemas["PasswordChange"]) => api.POST("/api/v1/me/password", { body }));

export function useSessions() {
  return useQuery({ queryKey: ["me", "sessions"], queryFn: () => bodyOf(api.GET("/api/v1/me/sessions")) });
}

export const useEndSession = () => useChange("me", (id: string) => api.DELETE("/api/v1/me/sessions/{session_id}", { params: { path: { session_id: id } } }));

export async function endAllSessions(): Promise<void> {
  await api.DELETE("/api/v1/me/sessions");
  setToken(null);
}

export function useKeys() {
  return useQuery({ queryKey: ["me", "keys"], queryFn: () => bodyOf(api.GET("/api/v1/me/keys")) });
}

export const useCreateKey = () => useChange("me", (body: Schemas["KeyCreate"]) => bodyOf(api.POST("/api/v1/me/keys", { body })));

export const useRemoveKey = () => useChange("me", (id: string) => api.DELETE("/api/v1/me/keys/{key_id}", { params: { path: { key_id: id } } }));

export const lookAtLink = (token: string) => bodyOf(api.POST("/api/v1/auth/link", { body: { token } }));

export async function acceptLink(token: string, username: string, password: string, isNew: boolean): Promise<void> {
  await api.POST("/api/v1/auth/link/accept", { body: { token, password, username: isNew ? username : null } });
  await signIn(username, password);
}
