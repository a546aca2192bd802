/** The access token of this page, in memory only; the refresh token is an HttpOnly cookie that scripts never see. */
type Listener = (isSignedIn: boolean) => void;

const REFRESH_BEFORE_MS = 60_000;

let token: string | null = null;
let expiresAt = 0;
let refreshing: Promise<boolean> | null = null;
const listeners = new Set<Listener>();

export function setToken(next: string | null, expiresInSeconds = 0): void {
  token = next;
  expiresAt = Date.now() + expiresInSeconds * 1000;
  for (const listener of listeners) listener(token !== null);
}

export function onSession(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

async function refresh(): Promise<boolean> {
  const answer = await fetch("/api/v1/auth/refresh", { method: "POST", credentials: "same-origin" });
  if (!answer.ok) {
    // A server that is restarting must not sign people out.
    if (answer.status < 500) setToken(null);
    return false;
  }
  const grant = (await answer.json()) as { access_token: string; expires_in: number };
  setToken(grant.access_token, grant.expires_in);
  return true;
}

/** Refresh once, however many ask at the same time. */
export function refreshSession(): Promise<boolean> {
  refreshing ??= refresh()
    .catch(() => false)
    .finally(() => {
      refreshing = null;
    });
  return refreshing;
}

/** A token that is good for at least a minute, or null when signed out. */
export async function freshToken(): Promise<string | null> {
  if (token === null || Date.now() > expiresAt - REFRESH_BEFORE_MS) await refreshSession();
  return token;
}
