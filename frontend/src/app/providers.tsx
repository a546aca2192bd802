"use client";

import { QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { Toaster } from "sonner";

import { makeQueryClient } from "@/lib/query-client";
import { LANGUAGE, t } from "@/lib/text";

export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(makeQueryClient);
  useEffect(() => {
    if (LANGUAGE !== "en") void import("@/lib/language").then(({ follow }) => follow());
  }, []);
  return (
    <QueryClientProvider client={client}>
      {children}
      <Toaster position="bottom-left" theme="system" containerAriaLabel={t`Messages`} />
    </QueryClientProvider>
  );
}
