import createClient, { type Middleware } from "openapi-fetch";

import { Problem } from "@/lib/problem";
import type { components, paths } from "./generated";
import { freshToken } from "./session";

export type Schemas = components["schemas"];

const authorize: Middleware = {
  async onRequest({ request, schemaPath }) {
    if (!schemaPath.startsWith("/api/v1/auth/")) {
      const token = await freshToken();
      if (token) request.headers.set("Authorization", `Bearer ${token}`);
    }
    return request;
  },
  async onResponse({ response }) {
    if (response.ok) return response;
    throw Problem.from(response.status, await response.json().catch(() => null));
  },
};

export const api = createClient<paths>({ baseUrl: "" });
api.use(authorize);

/** The body of an answer that is known to have one; errors were thrown by the middleware. */
export async function bodyOf<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  if (data === undefined) throw new Problem(0, "network", "The answer was empty.");
  return data;
}
