"use client";

import type { ReactNode } from "react";

import { t } from "@/lib/text";
import { ThemeToggle } from "./theme";

/** Frame of what people see before they are signed in. */
export function FrontDoor({ children }: { children: ReactNode }) {
  return (
    <main className="flex min-h-dvh items-center justify-center p-6">
      <div className="fixed top-4 right-4">
        <ThemeToggle />
      </div>
      <div className="w-full max-w-sm rounded-2xl border border-line bg-panel p-8 shadow-sm">
        <div className="mb-6 flex items-center gap-3">
          {/* eslint-disable-next-line @next/next/no-img-element -- a local SVG */}
          <img src="/icon.svg" alt="" className="size-9" />
          <div>
            <h1 className="text-lg font-semibold">Stowage</h1>
            <p className="text-sm text-muted">{t`Large media, safely stowed`}</p>
          </div>
        </div>
        {children}
      </div>
    </main>
  );
}
