import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";

import { messageOf } from "@/lib/problem";
import { t } from "@/lib/text";
import { Button } from "./button";

export function Loading({ label = t`Loading` }: { label?: string }) {
  return (
    <div role="status" className="flex items-center justify-center gap-3 p-12 text-sm text-muted">
      <span className="size-4 animate-spin rounded-full border-2 border-line border-t-accent" />
      {label}…
    </div>
  );
}

export function Empty({ icon, title, children }: { icon: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-16 text-center">
      <div className="mb-1 text-muted">{icon}</div>
      <p className="font-medium">{title}</p>
      <div className="max-w-sm text-sm text-muted">{children}</div>
    </div>
  );
}

export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div role="alert" className="flex flex-col items-center gap-3 px-6 py-16 text-center">
      <CircleAlert className="size-8 text-bad" aria-hidden />
      <p className="max-w-md text-sm">{messageOf(error)}</p>
      {onRetry && <Button onClick={onRetry}>{t`Try again`}</Button>}
    </div>
  );
}
