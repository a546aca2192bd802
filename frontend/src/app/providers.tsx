"use client";

import { QueryClientProvider } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { type ReactNode, useEffect, useState } from "react";

import { makeQueryClient } from "@/lib/query-client";
import { LANGUAGE, t } from "@/lib/text";

const Toaster = dynamic(() => import("sonner").then((found) => found.Toaster), { ssr: false });

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
