import { QueryClient } from "@tanstack/react-query";

import { Problem } from "./problem";

const MAX_RETRIES = 2;

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // A refusal will not change by asking again; a server that is away may come back.
        retry: (count, error) => count < MAX_RETRIES && !(error instanceof Problem && error.status < 500),
      },
    },
  });
}
